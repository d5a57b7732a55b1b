/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bake KNOWLEDGE_DIR OUT.c — writes the knowledge as constant data, so that the program starts without reading a file.
 *
 * The YAML is loaded as the library loads it. Then one walk over the libcyaml schemas copies every struct, array and
 * string into one image of 8-byte words. What points elsewhere is written as an offset, with a list of the words that are
 * offsets; src/knowledge/builtin.c copies the image and puts the addresses in. (Left to the linker, the 26,000 addresses
 * cost the start of the program a page fault for each page of the image.) No field is named here: a field added to the
 * schema is baked without a change to this file.
 */
#include "check.h"
#include "index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum word_kind { WORD_NUMBER, WORD_IMAGE, WORD_TEXT };

/* The image under construction. `kinds` says which words are pointers, and into what. */
struct image {
    uint64_t *words;
    unsigned char *kinds;
    size_t count, capacity;
    char *text;
    size_t text_length, text_capacity;
};

static void *grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (!grown) {
        fputs("bake: out of memory\n", stderr);
        exit(69);
    }
    return grown;
}

/* Room for size bytes at the end of the image; returns the index of its first word. */
static size_t reserve(struct image *image, size_t size)
{
    size_t first = image->count, words = (size + 7) / 8;
    while (first + words > image->capacity) {
        size_t capacity = image->capacity ? image->capacity * 2 : 1024;
        image->words = grow(image->words, capacity * sizeof *image->words);
        image->kinds = grow(image->kinds, capacity);
        memset(image->words + image->capacity, 0, (capacity - image->capacity) * sizeof *image->words);
        memset(image->kinds + image->capacity, WORD_NUMBER, capacity - image->capacity);
        image->capacity = capacity;
    }
    image->count += words;
    return first;
}

static void put_bytes(struct image *image, size_t base, size_t offset, const void *bytes, size_t size)
{
    memcpy((char *)(image->words + base) + offset, bytes, size);
}

static void put_pointer(struct image *image, size_t base, size_t offset, enum word_kind kind, size_t target)
{
    if (offset % 8) {
        fputs("bake: a pointer is not on a word\n", stderr);
        exit(70);
    }
    image->words[base + offset / 8] = target;
    image->kinds[base + offset / 8] = (unsigned char)kind;
}

static size_t put_text(struct image *image, const char *text)
{
    size_t size = strlen(text) + 1, first = image->text_length;
    while (first + size > image->text_capacity) {
        image->text_capacity = image->text_capacity ? image->text_capacity * 2 : 65536;
        image->text = grow(image->text, image->text_capacity);
    }
    memcpy(image->text + first, text, size);
    image->text_length += size;
    return first;
}

static void bake_value(struct image *image, const cyaml_schema_value_t *schema, const char *data, size_t base,
                       size_t offset, uint64_t count);

static void bake_fields(struct image *image, const cyaml_schema_field_t *fields, const char *data, size_t base,
                        size_t offset)
{
    for (const cyaml_schema_field_t *field = fields; field->key; field++) {
        uint64_t count = 0;
        if (field->value.type == CYAML_SEQUENCE) {
            memcpy(&count, data + field->count_offset, field->count_size);
            put_bytes(image, base, offset + field->count_offset, data + field->count_offset, field->count_size);
        }
        bake_value(image, &field->value, data + field->data_offset, base, offset + field->data_offset, count);
    }
}

/* A value that is not behind a pointer. */
static void bake_inline(struct image *image, const cyaml_schema_value_t *schema, const char *data, size_t base,
                        size_t offset)
{
    if (schema->type == CYAML_MAPPING)
        bake_fields(image, schema->mapping.fields, data, base, offset);
    else
        put_bytes(image, base, offset, data, schema->data_size);
}

static void bake_value(struct image *image, const cyaml_schema_value_t *schema, const char *data, size_t base,
                       size_t offset, uint64_t count)
{
    if (!(schema->flags & CYAML_FLAG_POINTER)) {
        bake_inline(image, schema, data, base, offset);
        return;
    }
    const char *target;
    memcpy(&target, data, sizeof target);
    if (!target)
        return;
    if (schema->type == CYAML_STRING) {
        put_pointer(image, base, offset, WORD_TEXT, put_text(image, target));
        return;
    }
    if (schema->type != CYAML_SEQUENCE) {
        size_t at = reserve(image, schema->data_size);
        put_pointer(image, base, offset, WORD_IMAGE, at);
        bake_inline(image, schema, target, at, 0);
        return;
    }

    const cyaml_schema_value_t *entry = schema->sequence.entry;
    size_t size = entry->flags & CYAML_FLAG_POINTER ? sizeof(void *) : entry->data_size;
    size_t at = reserve(image, size * count);
    put_pointer(image, base, offset, WORD_IMAGE, at);
    for (uint64_t i = 0; i < count; i++)
        bake_value(image, entry, target + i * size, at, i * size, 0);
}

static void write_text(FILE *out, const struct image *image)
{
    fputs("static const char text[] =", out);
    size_t column = 0;
    for (size_t i = 0; i < image->text_length; i++) {
        unsigned char c = (unsigned char)image->text[i];
        if (column == 0)
            fputs("\n    \"", out);
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?')
            fputc(c, out);
        else
            fprintf(out, "\\%03o", c);
        if (++column == 96 || i + 1 == image->text_length) {
            fputc('"', out);
            column = 0;
        }
    }
    fputs(";\n\n", out);
}

static void write_words(FILE *out, const struct image *image)
{
    fprintf(out, "static const uint64_t words[%zu] = {\n", image->count);
    for (size_t i = 0; i < image->count; i++)
        fprintf(out, "0x%" PRIx64 "u,%c", image->words[i], i % 8 == 7 ? '\n' : ' ');
    fputs("};\n\nstatic const uint32_t pointers[] = {\n", out);
    size_t count = 0;
    for (size_t i = 0; i < image->count; i++) {
        if (image->kinds[i] != WORD_NUMBER)
            fprintf(out, "%zuu,%c", i * 2 + (image->kinds[i] == WORD_TEXT), count++ % 12 == 11 ? '\n' : ' ');
    }
    fputs("};\n\n", out);
}

static int write_source(const char *path, const struct image *image)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        perror(path);
        return 73;
    }
    fputs("/* Written by tools/bake.c from knowledge/. Do not edit. */\n"
          "#include <stddef.h>\n#include <stdint.h>\n#include \"index.h\"\n\n",
          out);
    write_text(out, image);
    write_words(out, image);
    fputs("const struct builtin_image builtin_image = {words, sizeof words / sizeof words[0], pointers,\n"
          "    sizeof pointers / sizeof pointers[0], text};\n",
          out);
    if (fclose(out) != 0) {
        perror(path);
        return 74;
    }
    return 0;
}

static void print_complaint(const struct qv_complaint *complaint, void *context)
{
    const char *directory = context;
    fprintf(stderr, "%s/%s:%" PRIu32 ": %s\n", directory, complaint->file, complaint->line, complaint->text);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bake KNOWLEDGE_DIR OUT.c\n", stderr);
        return 64;
    }
    struct qv_error error = {0};
    struct loaded_facts *loaded;
    uint32_t complaints = 0;
    int status = facts_load(argv[1], print_complaint, argv[1], &complaints, &loaded, &error);
    if (!status)
        status = check_facts(loaded, print_complaint, argv[1], &complaints, &error);
    if (status || complaints) {
        if (status)
            fprintf(stderr, "bake: %s\n", error.text);
        return 65;
    }

    struct image image = {0};
    size_t root = reserve(&image, sizeof(struct qv_facts));
    bake_fields(&image, facts_schema.mapping.fields, (const char *)&loaded->facts, root, 0);
    int exit_status = write_source(argv[2], &image);
    facts_destroy(loaded);
    free(image.words);
    free(image.kinds);
    free(image.text);
    return exit_status;
}
