/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target once over each file of a folder, in the order of their names, and prints a TAP line for each.
 * What a fuzzer finds is put into that folder, so that the next `make test` goes over it again under the sanitizers.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    uint8_t *data = NULL;
    size_t size = 0;
    bool fine = fseek(file, 0, SEEK_END) == 0;
    long end = fine ? ftell(file) : -1;
    fine = end >= 0 && fseek(file, 0, SEEK_SET) == 0;
    if (fine) {
        size = (size_t)end;
        data = malloc(size ? size : 1); /* exactly as long as the input, so that a read past its end is seen */
        fine = data && fread(data, 1, size, file) == size;
    }
    fclose(file);
    if (fine)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: replay FOLDER\n");
        return 64;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, not_hidden, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: nothing to replay\n", argv[1]);
        return 66;
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        bool fine = length > 0 && (size_t)length < sizeof path && replay(path);
        printf("%s %d - %s\n", fine ? "ok" : "not ok", i + 1, entries[i]->d_name);
        fflush(stdout);
        failed += !fine;
        free(entries[i]);
    }
    free(entries);
    printf("1..%d\n", count);
    return failed ? 1 : 0;
}
