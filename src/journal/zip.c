/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The export inside Apple's export.zip, by minizip (of zlib's own authors and licence; needs nothing but zlib, knows zip64, streams,
 * and takes its bytes from anywhere; libzip and libarchive would bring OpenSSL, bzip2, xz, libxml2 and more into the program).
 *
 * No file is ever made from a zip, so names of files in it are only compared. What it says of sizes is believed where it
 * bounds us: no more is read than it declares, and no more than MEMBER_MAX_BYTES may be declared. The check sum is looked at when the
 * last byte has been read.
 */
#include "diary.h"

#include <errno.h>
#include <minizip/unzip.h>
#include <stdlib.h>
#include <strings.h>

#define MEMBER_MAX_BYTES ((uint64_t)64 << 30)
#define NAME_MAX_BYTES 512

struct zip_member {
    unzFile zip;
    uint64_t left_bytes;
    bool is_open;
};

/* ---- minizip's way to a file ---------------------------------------------------------------------------------------- */

static voidpf open_given(voidpf opaque, const void *filename, int mode)
{
    return opaque;
}

static uLong read_given(voidpf opaque, voidpf stream, void *buffer, uLong size)
{
    return (uLong)fread(buffer, 1, size, stream);
}

static ZPOS64_T tell_given(voidpf opaque, voidpf stream)
{
    return (ZPOS64_T)ftello(stream);
}

static long seek_given(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
    /* minizip's constants are those of <stdio.h>. */
    return offset > INT64_MAX || fseeko(stream, (off_t)offset, origin) ? -1 : 0;
}

static int close_given(voidpf opaque, voidpf stream)
{
    return 0;
}

static int error_given(voidpf opaque, voidpf stream)
{
    return ferror((FILE *)stream);
}

/* ---- the member ----------------------------------------------------------------------------------------------------- */

static int fail_zip(struct reading *reading, const char *found)
{
    if (errno == ENOMEM)
        return reading_out_of_memory(reading);
    if (ferror(reading->file))
        return qv_fail(reading->error, QV_ERR_IO, "%s: %s", reading->name, strerror(errno));
    return qv_fail(reading->error, QV_ERR_DATA, "%s: found %s, expected a zip file with Apple Health's export.xml",
                   reading->name, found);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcasecmp(text + length - end_length, end) == 0;
}

/*
 * export.xml; or, since phones translate that name, the largest other XML file that is not the clinical document beside it.
 * The current file of the zip is then that one.
 */
static bool find_export(unzFile zip, unz_file_info64 *info)
{
    unz64_file_pos best;
    uint64_t best_bytes = 0;
    for (int status = unzGoToFirstFile(zip); status == UNZ_OK; status = unzGoToNextFile(zip)) {
        char name[NAME_MAX_BYTES] = "";
        if (unzGetCurrentFileInfo64(zip, info, name, sizeof name - 1, NULL, 0, NULL, 0) != UNZ_OK)
            return false;
        const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
        if (strcmp(base, "export.xml") == 0)
            return true;
        if (ends_with(base, ".xml") && !ends_with(base, "_cda.xml") && info->uncompressed_size >= best_bytes &&
            unzGetFilePos64(zip, &best) == UNZ_OK)
            best_bytes = info->uncompressed_size + 1;
    }
    return best_bytes && unzGoToFilePos64(zip, &best) == UNZ_OK &&
           unzGetCurrentFileInfo64(zip, info, NULL, 0, NULL, 0, NULL, 0) == UNZ_OK;
}

static int open_member(struct reading *reading, struct zip_member *member)
{
    zlib_filefunc64_def from = {
        .zopen64_file = open_given,
        .zread_file = read_given,
        .ztell64_file = tell_given,
        .zseek64_file = seek_given,
        .zclose_file = close_given,
        .zerror_file = error_given,
        .opaque = reading->file,
    };
    unz_file_info64 info = {0};
    errno = 0;
    member->zip = unzOpen2_64(NULL, &from);
    if (!member->zip)
        return fail_zip(reading, "a zip file that is cut off or damaged");
    if (!find_export(member->zip, &info))
        return fail_zip(reading, "no XML file in it");
    if (info.flag & 1)
        return fail_zip(reading, "an encrypted file");
    if (info.uncompressed_size > MEMBER_MAX_BYTES)
        return fail_zip(reading, "a file of more than 64 GiB in it");
    if (unzOpenCurrentFile(member->zip) != UNZ_OK)
        return fail_zip(reading, "a file that is damaged, or packed in another way than deflate");
    member->is_open = true;
    member->left_bytes = reading->of_bytes = info.uncompressed_size;
    return QV_OK;
}

int zip_open(struct reading *reading)
{
    if (fseeko(reading->file, 0, SEEK_SET))
        return qv_fail(reading->error, QV_ERR_DATA,
                       "%s: found a zip file in a pipe, expected a file, since a zip is read from its end",
                       reading->name);
    struct zip_member *member = calloc(1, sizeof *member);
    if (!member)
        return reading_out_of_memory(reading);
    reading->member = member;
    int status = open_member(reading, member);
    reading->begin = reading->end = 0;
    reading->ended = false;
    reading->read_bytes = 0;
    return status ? status : reading_more(reading);
}

int zip_read(struct reading *reading, char *bytes, size_t room, size_t *got)
{
    struct zip_member *member = reading->member;
    for (*got = 0; *got < room;) {
        errno = 0;
        int count = unzReadCurrentFile(member->zip, bytes + *got, (unsigned)(room - *got));
        if (count < 0)
            return fail_zip(reading, "a file in it that is damaged");
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    member->left_bytes -= *got < member->left_bytes ? *got : member->left_bytes;
    if (*got < room && member->is_open) {
        member->is_open = false;
        if (unzCloseCurrentFile(member->zip) != UNZ_OK || member->left_bytes)
            return fail_zip(reading, "a file in it that is cut off or has another check sum than it should");
    }
    return QV_OK;
}

void zip_close(struct zip_member *member)
{
    if (!member)
        return;
    if (member->zip) {
        if (member->is_open)
            unzCloseCurrentFile(member->zip);
        unzClose(member->zip);
    }
    free(member);
}
