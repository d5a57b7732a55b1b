/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct document {
    bool is_tried, is_parsed;
    yaml_document_t yaml;
};

struct places {
    const struct loaded_facts *loaded;
    struct document documents[];
};

struct places *places_create(const struct loaded_facts *loaded)
{
    struct places *places = calloc(1, sizeof *places + loaded->file_count * sizeof places->documents[0]);
    if (places)
        places->loaded = loaded;
    return places;
}

void places_destroy(struct places *places)
{
    for (uint32_t f = 0; places && f < places->loaded->file_count; f++) {
        if (places->documents[f].is_parsed)
            yaml_document_delete(&places->documents[f].yaml);
    }
    free(places);
}

static yaml_document_t *document_of(struct places *places, uint32_t file)
{
    if (file >= places->loaded->file_count)
        return NULL;
    struct document *document = &places->documents[file];
    const struct qv_text *bytes = &places->loaded->files[file].bytes;
    yaml_parser_t parser;
    if (!document->is_tried && bytes->bytes && yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)bytes->bytes, bytes->length);
        document->is_parsed = yaml_parser_load(&parser, &document->yaml) != 0;
        yaml_parser_delete(&parser);
    }
    document->is_tried = true;
    return document->is_parsed ? &document->yaml : NULL;
}

uint32_t place_file(const struct place *place)
{
    while (place->in)
        place = place->in;
    return (uint32_t)place->index;
}

static yaml_node_t *value_of(yaml_document_t *document, const yaml_node_t *mapping, const char *key)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);
        if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == strlen(key) &&
            memcmp(name->data.scalar.value, key, name->data.scalar.length) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static yaml_node_t *entry_of(yaml_document_t *document, const yaml_node_t *list, int32_t index)
{
    if (list->type != YAML_SEQUENCE_NODE || index >= list->data.sequence.items.top - list->data.sequence.items.start)
        return NULL;
    return yaml_document_get_node(document, list->data.sequence.items.start[index]);
}

/* The node at a place, or the nearest around it. *exact says which. */
static yaml_node_t *node_at(yaml_document_t *document, const struct place *place, bool *exact)
{
    if (!place->in) {
        *exact = true;
        return yaml_document_get_root_node(document);
    }
    yaml_node_t *around = node_at(document, place->in, exact);
    if (!around || !*exact)
        return around;
    yaml_node_t *value = value_of(document, around, place->key);
    yaml_node_t *entry = value && place->index >= 0 ? entry_of(document, value, place->index) : value;
    *exact = entry != NULL;
    return entry ? entry : value ? value : around;
}

uint32_t place_line(struct places *places, const struct place *place)
{
    yaml_document_t *document = document_of(places, place_file(place));
    bool exact;
    const yaml_node_t *node = document ? node_at(document, place, &exact) : NULL;
    return node ? (uint32_t)node->start_mark.line + 1 : 0;
}
