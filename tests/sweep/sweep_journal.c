/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal whose disk fails, fills up or loses its power at the 1st, the 2nd, … of all calls that change it, over one life: made,
 * added to, revised, taken back from, undone, imported into, closed, opened again, brought to a newer schema.
 *
 * The disk is a layer below SQLite (a VFS). It passes everything on to files, which so hold what a program sees, and remembers for
 * each file what was synced and what was written since. When the power goes, every later call fails, and the files become what a disk
 * may then hold: what was synced and, of what was not, nothing, all, or some of it in any order and torn between sectors of 512
 * bytes (which SQLite takes for indivisible; "power-safe overwrite"). A file whose folder was not synced may be gone, or be there again.
 *
 * Whatever happens: what was acknowledged is there, once; what was not is there whole or not at all; the file is sound and can
 * be written to. Shared memory (-shm) is the real one: it is not on the disk, and is gone with the power.
 */
#include "../unit/journal_sound.h"
#include "journal/store.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the disk ---------------------------------------------------------------------------------------------------------- */

enum trouble { NONE, FAILS_ONCE, SHORT_WRITE, FULL, POWER_LOSS };
static const char *const trouble_names[] = {"nothing", "a failure", "a short write", "a full disk", "power loss"};

enum left { LEFT_SYNCED, LEFT_ALL, LEFT_SOME };

struct bytes {
    unsigned char *data;
    int64_t length;
};

struct pending {
    struct pending *next;
    bool truncates;
    int64_t offset;
    struct bytes written;
};

#define FILE_MAX_COUNT 16

struct disk_file {
    char path[512];
    struct bytes synced;
    bool exists_synced; /* its name is in the folder after a power loss */
    bool exists;
    struct pending *pending, **last;
};

static struct {
    enum trouble trouble;
    long calls, at; /* trouble comes with the call of this number */
    bool dead;
    struct disk_file files[FILE_MAX_COUNT];
    int file_count;
} disk;

static sqlite3_vfs *below;

static struct bytes read_all(const char *path)
{
    struct bytes all = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return all;
    fseek(file, 0, SEEK_END);
    all.length = ftell(file);
    rewind(file);
    all.data = malloc((size_t)all.length + 1);
    if (fread(all.data, 1, (size_t)all.length, file) != (size_t)all.length)
        abort();
    fclose(file);
    return all;
}

static void forget_pending(struct disk_file *file)
{
    while (file->pending) {
        struct pending *next = file->pending->next;
        free(file->pending->written.data);
        free(file->pending);
        file->pending = next;
    }
    file->last = &file->pending;
}

static struct disk_file *disk_find(const char *path)
{
    for (int i = 0; i < disk.file_count; i++) {
        if (strcmp(disk.files[i].path, path) == 0)
            return &disk.files[i];
    }
    if (disk.file_count == FILE_MAX_COUNT)
        abort();
    struct disk_file *file = &disk.files[disk.file_count++];
    *file = (struct disk_file){.exists = access(path, F_OK) == 0};
    snprintf(file->path, sizeof file->path, "%s", path);
    file->exists_synced = file->exists;
    file->synced = read_all(path);
    file->last = &file->pending;
    return file;
}

static void disk_reset(enum trouble trouble, long at)
{
    for (int i = 0; i < disk.file_count; i++) {
        forget_pending(&disk.files[i]);
        free(disk.files[i].synced.data);
    }
    memset(&disk, 0, sizeof disk);
    disk.trouble = trouble;
    disk.at = at;
}

/* Puts bytes into an image, which grows. */
static void put(struct bytes *image, int64_t offset, const unsigned char *data, int64_t length)
{
    if (offset + length > image->length) {
        image->data = realloc(image->data, (size_t)(offset + length));
        memset(image->data + image->length, 0, (size_t)(offset + length - image->length));
        image->length = offset + length;
    }
    memcpy(image->data + offset, data, (size_t)length);
}

static void cut(struct bytes *image, int64_t length)
{
    if (length < image->length)
        image->length = length;
}

static void apply(struct bytes *image, const struct pending *op, bool torn)
{
    if (op->truncates) {
        if (!torn || rand() % 2)
            cut(image, op->offset);
        return;
    }
    for (int64_t at = 0; at < op->written.length; at += 512) {
        int64_t length = op->written.length - at < 512 ? op->written.length - at : 512;
        if (!torn || rand() % 2)
            put(image, op->offset + at, op->written.data + at, length);
    }
}

/* Gives a file the bytes that the disk has after a power loss. */
static void lose_power_of(struct disk_file *file, enum left left)
{
    bool some = left == LEFT_SOME;
    bool there = left == LEFT_ALL ? file->exists
                 : some           ? (rand() % 2 ? file->exists : file->exists_synced)
                                  : file->exists_synced;
    bool touched = file->pending || file->exists != file->exists_synced;
    if (!touched)
        return;
    if (!there) {
        unlink(file->path);
        return;
    }
    for (struct pending *op = file->pending; op && left != LEFT_SYNCED; op = op->next) {
        if (!some)
            apply(&file->synced, op, false);
        else if (rand() % 2)
            apply(&file->synced, op, rand() % 2);
    }
    FILE *out = fopen(file->path, "wb");
    if (!out || fwrite(file->synced.data, 1, (size_t)file->synced.length, out) != (size_t)file->synced.length)
        abort();
    fclose(out);
}

static void lose_power(const char *journal, enum left left)
{
    for (int i = 0; i < disk.file_count; i++)
        lose_power_of(&disk.files[i], left);
    char shm[600];
    snprintf(shm, sizeof shm, "%s-shm", journal);
    unlink(shm);
}

/* Counts a call that changes the disk. True when it is this one's turn, or all is over. */
static bool in_trouble(void)
{
    if (disk.dead)
        return true;
    bool now = ++disk.calls == disk.at;
    switch (disk.trouble) {
    case NONE:
        return false;
    case FULL: /* and stays so */
        return disk.calls >= disk.at;
    case POWER_LOSS:
        disk.dead = now;
        return now;
    default:
        return now;
    }
}

/* ---- the layer: SQLite's methods of a file ------------------------------------------------------------------------------- */

struct layer_file {
    sqlite3_file file;
    struct disk_file *on; /* NULL: SQLite's own temporary file, which does not outlive it */
    bool syncs_folder;    /* with its first sync, as SQLite's own VFS does for logs that it made */
    sqlite3_file *real;
};

#define REAL(file) (((struct layer_file *)(file))->real)
#define ON(file) (((struct layer_file *)(file))->on)

static int layer_close(sqlite3_file *file)
{
    return REAL(file)->pMethods ? REAL(file)->pMethods->xClose(REAL(file)) : SQLITE_OK;
}

static int layer_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    if (disk.dead)
        return SQLITE_IOERR_READ;
    return REAL(file)->pMethods->xRead(REAL(file), to, amount, offset);
}

static void remember(struct disk_file *on, bool truncates, int64_t offset, const void *data, int64_t length)
{
    struct pending *op = calloc(1, sizeof *op);
    *op = (struct pending){.truncates = truncates, .offset = offset, .written = {malloc((size_t)length + 1), length}};
    if (length)
        memcpy(op->written.data, data, (size_t)length);
    *on->last = op;
    on->last = &op->next;
}

static int layer_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    bool was_dead = disk.dead;
    if (ON(file) && in_trouble()) {
        if (disk.trouble == POWER_LOSS && !was_dead)
            remember(ON(file), false, offset, data, amount); /* it was on its way */
        if (disk.trouble == SHORT_WRITE) {
            remember(ON(file), false, offset, data, amount / 2);
            REAL(file)->pMethods->xWrite(REAL(file), data, amount / 2, offset);
        }
        return disk.trouble == FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    if (ON(file))
        remember(ON(file), false, offset, data, amount);
    return REAL(file)->pMethods->xWrite(REAL(file), data, amount, offset);
}

static int layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (ON(file) && disk.trouble != FULL && in_trouble())
        return SQLITE_IOERR_TRUNCATE;
    if (ON(file))
        remember(ON(file), true, size, NULL, 0);
    return REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int layer_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (!ON(file))
        return SQLITE_OK;
    if (disk.trouble != FULL && in_trouble())
        return SQLITE_IOERR_FSYNC;
    for (struct pending *op = ON(file)->pending; op; op = op->next)
        apply(&ON(file)->synced, op, false);
    forget_pending(ON(file));
    struct layer_file *layer = (struct layer_file *)file;
    for (int i = 0; layer->syncs_folder && i < disk.file_count; i++)
        disk.files[i].exists_synced = disk.files[i].exists;
    layer->syncs_folder = false;
    return SQLITE_OK;
}

static int layer_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return disk.dead ? SQLITE_IOERR_FSTAT : REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int layer_lock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xLock(REAL(file), lock);
}

static int layer_unlock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xUnlock(REAL(file), lock);
}

static int layer_check_reserved(sqlite3_file *file, int *out)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out);
}

static int layer_file_control(sqlite3_file *file, int what, void *argument)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), what, argument);
}

static int layer_sector_size(sqlite3_file *file)
{
    return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int layer_characteristics(sqlite3_file *file)
{
    return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int layer_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, out);
}

static int layer_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return REAL(file)->pMethods->xShmLock(REAL(file), offset, count, flags);
}

static void layer_shm_barrier(sqlite3_file *file)
{
    REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int layer_shm_unmap(sqlite3_file *file, int delete)
{
    return REAL(file)->pMethods->xShmUnmap(REAL(file), delete);
}

/* ---- the layer: SQLite's methods of a disk --------------------------------------------------------------------------------- */

static int layer_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = layer_close,
        .xRead = layer_read,
        .xWrite = layer_write,
        .xTruncate = layer_truncate,
        .xSync = layer_sync,
        .xFileSize = layer_file_size,
        .xLock = layer_lock,
        .xUnlock = layer_unlock,
        .xCheckReservedLock = layer_check_reserved,
        .xFileControl = layer_file_control,
        .xSectorSize = layer_sector_size,
        .xDeviceCharacteristics = layer_characteristics,
        .xShmMap = layer_shm_map,
        .xShmLock = layer_shm_lock,
        .xShmBarrier = layer_shm_barrier,
        .xShmUnmap = layer_shm_unmap,
    };
    (void)vfs;
    struct layer_file *layer = (struct layer_file *)file;
    memset(layer, 0, sizeof *layer);
    if (disk.dead)
        return SQLITE_CANTOPEN;
    struct disk_file *on = name ? disk_find(name) : NULL;
    bool makes = on && !on->exists;
    if (makes && in_trouble())
        return SQLITE_CANTOPEN;
    layer->real = (sqlite3_file *)(layer + 1);
    layer->on = on;
    layer->syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
    int result = below->xOpen(below, name, layer->real, flags, out_flags);
    if (!result)
        layer->file.pMethods = &methods;
    if (!result && makes) {
        on->exists = true;
        cut(&on->synced, on->exists_synced ? on->synced.length : 0);
    }
    return result;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (disk.trouble != FULL && in_trouble())
        return SQLITE_IOERR_DELETE;
    struct disk_file *on = disk_find(name);
    on->exists = false;
    for (int i = 0; sync_folder && i < disk.file_count; i++)
        disk.files[i].exists_synced = disk.files[i].exists;
    return below->xDelete(below, name, 0);
}

static int layer_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return disk.dead ? SQLITE_IOERR_ACCESS : below->xAccess(below, name, flags, out);
}

static void layer_register(void)
{
    static sqlite3_vfs layer;
    below = sqlite3_vfs_find(NULL);
    layer = *below;
    layer.zName = "failing";
    layer.szOsFile = (int)sizeof(struct layer_file) + below->szOsFile;
    layer.xOpen = layer_open;
    layer.xDelete = layer_delete;
    layer.xAccess = layer_access;
    sqlite3_vfs_register(&layer, 0);
}

/* ---- a life ------------------------------------------------------------------------------------------------------------------ */

static char path[256];
static struct store_settings old_settings, new_settings;

struct life {
    struct qv_journal *journal;
    int64_t ids[4];
};

static struct qv_entry drink(int32_t day, int32_t second, double amount, const char *note)
{
    return (struct qv_entry){.day = day,
                             .second = second,
                             .offset_s = 3600,
                             .kind = QV_ENTRY_CAFFEINE,
                             .amount = amount,
                             .note = note,
                             .source = "log"};
}

static int open_it(struct life *life, struct qv_error *error)
{
    return journal_open_with(path, QV_JOURNAL_WRITE, &old_settings, &life->journal, error);
}

static int add_one(struct life *life, struct qv_error *error)
{
    struct qv_entry entry = drink(20000, 36000, 95, "coffee");
    return qv_journal_add(life->journal, &entry, 1, life->ids, error);
}

static int add_three(struct life *life, struct qv_error *error)
{
    struct qv_entry entries[] = {drink(20000, 40000, 30, "tea"), drink(20001, QV_NO_SECOND, 60, ""),
                                 drink(19999, 0, 10, "a third")};
    entries[1].offset_s = QV_NO_OFFSET;
    return qv_journal_add(life->journal, entries, 3, life->ids + 1, error);
}

static int revise_it(struct life *life, struct qv_error *error)
{
    struct qv_entry now = drink(20001, 36000, 190, "two");
    return qv_journal_revise(life->journal, life->ids[0], &now, error);
}

static int withdraw_it(struct life *life, struct qv_error *error)
{
    return qv_journal_withdraw(life->journal, life->ids[2], error);
}

static int undo_it(struct life *life, struct qv_error *error)
{
    struct qv_undone undone;
    return qv_journal_undo(life->journal, &undone, error);
}

/* Some of which the journal holds already. */
static int import_many(struct life *life, struct qv_error *error)
{
    struct qv_import *import = NULL;
    int status = qv_import_begin(life->journal, &import, error);
    for (int i = 0; !status && i < 60; i++) {
        char note[40];
        snprintf(note, sizeof note, "cup %d", i);
        struct qv_entry entry = i == 7 ? drink(20000, 36000, 95, "coffee") : drink(19000 + i, 60 * i, i, note);
        status = qv_import_add(import, &entry, NULL, error);
    }
    if (status)
        qv_import_abandon(import);
    return status ? status : qv_import_commit(import, error);
}

static int put_it(struct life *life, struct qv_error *error)
{
    char json[9000];
    memset(json, ' ', sizeof json);
    json[0] = '{', json[sizeof json - 2] = '}', json[sizeof json - 1] = '\0';
    return qv_journal_put(life->journal, "trial", "plan", 20000, json, NULL, error);
}

static int close_it(struct life *life, struct qv_error *error)
{
    (void)error;
    qv_journal_close(life->journal);
    life->journal = NULL;
    return QV_OK;
}

static int migrate_it(struct life *life, struct qv_error *error)
{
    return journal_open_with(path, QV_JOURNAL_WRITE, &new_settings, &life->journal, error);
}

/* Each either happens or does not; what it returns says which. */
static const struct {
    const char *name;
    int (*act)(struct life *, struct qv_error *);
} acts[] = {
    {"create", open_it},       {"add one", add_one},    {"add three", add_three}, {"revise", revise_it},
    {"withdraw", withdraw_it}, {"undo", undo_it},       {"close", close_it},      {"open", open_it},
    {"import", import_many},   {"undo", undo_it},       {"import", import_many},  {"put", put_it},
    {"close", close_it},       {"migrate", migrate_it}, {"add one", add_one},     {"close", close_it},
};
#define ACT_COUNT (int)(sizeof acts / sizeof *acts)
#define MIGRATION 13

/* What the journal says before act i, and after the last. */
static char *expected[ACT_COUNT + 1];

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".backup-1", ".backup-1.2", ".backup-partial"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[400];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static bool check_backup(void)
{
    char name[400];
    snprintf(name, sizeof name, "%s.backup-1", path);
    return access(name, F_OK) || sound_check(name);
}

/* Is the journal whole, and does it say what was acknowledged and no half of what was not? Then it can be used. */
static bool check_after(int act, bool acknowledged, const char *what)
{
    char *found = sound_dump(path);
    bool before = found && strcmp(found, expected[act]) == 0, after = found && strcmp(found, expected[act + 1]) == 0;
    bool good = sound_check(path) && check_backup() && (acknowledged ? after : before || after);
    if (!good)
        printf("%s at call %ld in \"%s\", %s:\nfound\n%s\nexpected\n%s\nor\n%s\n", what, disk.at, acts[act].name,
               acknowledged ? "acknowledged" : "not acknowledged", found ? found : "?", expected[act],
               expected[act + 1]);
    sqlite3_free(found);
    if (!good)
        return false;

    struct life life = {0};
    struct qv_error error = {0};
    struct store_settings usual = act >= MIGRATION ? new_settings : old_settings;
    usual.vfs = NULL;
    int status = journal_open_with(path, QV_JOURNAL_WRITE, &usual, &life.journal, &error);
    if (!status)
        status = add_one(&life, &error);
    qv_journal_close(life.journal);
    if (status)
        printf("%s at call %ld in \"%s\": not usable afterwards: %s\n", what, disk.at, acts[act].name, error.text);
    return !status && sound_check(path);
}

/* One life with one trouble. *over: it ended before the trouble came. */
static bool live(enum trouble trouble, long at, enum left left, bool *over)
{
    remove_files();
    disk_reset(trouble, at);
    struct life life = {0};
    struct qv_error error = {0};
    int act = 0, status = QV_OK;
    bool good = true;
    for (; act < ACT_COUNT; act++) {
        status = acts[act].act(&life, &error);
        if (status || disk.dead)
            break;
    }
    *over = act == ACT_COUNT && disk.calls < at;
    bool told = !status || (status < 0 && error.text[0]);
    if (!told)
        printf("%s at call %ld in \"%s\": status %d without a sentence\n", trouble_names[trouble], at, acts[act].name,
               status);
    if (trouble == FULL && status && status != QV_ERR_IO && status != QV_ERR_CANNOT_CREATE) {
        printf("full at call %ld in \"%s\": status %d (%s)\n", at, acts[act].name, status, error.text);
        told = false;
    }
    if (status && (trouble == FAILS_ONCE || trouble == SHORT_WRITE)) {
        /* The trouble is gone: a second try does it, once. */
        status = acts[act].act(&life, &error);
        if (status)
            printf("%s at call %ld in \"%s\": not on the second try: %s\n", trouble_names[trouble], at, acts[act].name,
                   error.text);
        good = !status;
    }
    if (trouble == POWER_LOSS)
        disk.dead = true;
    else
        disk.trouble = NONE;
    qv_journal_close(life.journal);
    if (trouble == POWER_LOSS)
        lose_power(path, left);
    int last = act < ACT_COUNT ? act : ACT_COUNT - 1;
    return good && told && check_after(last, !status, trouble_names[trouble]);
}

static bool sweep(enum trouble trouble, enum left left, const char *name)
{
    bool over = false;
    long at = 0;
    while (!over) {
        srand((unsigned)at);
        if (!live(trouble, ++at, left, &over))
            return false;
    }
    printf("ok - %s at each of %ld calls\n", name, at - 1);
    return true;
}

/* The life without trouble, and what the journal says on the way. */
static bool record_expected(void)
{
    struct life life = {0};
    struct qv_error error = {0};
    remove_files();
    disk_reset(NONE, 0);
    expected[0] = sqlite3_mprintf("(nothing)");
    for (int act = 0; act < ACT_COUNT; act++) {
        if (acts[act].act(&life, &error)) {
            printf("%s: %s\n", acts[act].name, error.text);
            return false;
        }
        expected[act + 1] = sound_dump(path);
        if (!expected[act + 1] || !sound_check(path))
            return false;
    }
    return true;
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    /* In memory where that can be: what the disk does is played here, and nothing has to wait for the real one. */
    char in_memory[] = "/dev/shm/quiver-sweep-XXXXXX", in_tmp[] = "/tmp/quiver-sweep-XXXXXX";
    const char *folder = mkdtemp(in_memory) ? in_memory : mkdtemp(in_tmp);
    if (!folder)
        return 1;
    snprintf(path, sizeof path, "%s/journal.db", folder);
    layer_register();
    const char *steps[2] = {store_usual.steps[0], "ALTER TABLE change ADD COLUMN mood TEXT;"
                                                  "CREATE TABLE place (id INTEGER PRIMARY KEY) STRICT;"};
    old_settings = store_usual;
    old_settings.vfs = "failing";
    old_settings.wait_ms = 50;
    new_settings = old_settings;
    new_settings.steps = steps;
    new_settings.step_count = 2;

    bool good = acts[MIGRATION].act == migrate_it && record_expected();
    good = good && sweep(FAILS_ONCE, LEFT_ALL, "a failure");
    good = good && sweep(SHORT_WRITE, LEFT_ALL, "a short write");
    good = good && sweep(FULL, LEFT_ALL, "a full disk");
    good = good && sweep(POWER_LOSS, LEFT_SYNCED, "power loss, what was not synced is gone");
    good = good && sweep(POWER_LOSS, LEFT_ALL, "power loss, all is there");
    good = good && sweep(POWER_LOSS, LEFT_SOME, "power loss, some is there, torn and in any order");
    for (int i = 0; i <= ACT_COUNT; i++)
        sqlite3_free(expected[i]);
    remove_files();
    disk_reset(NONE, 0);
    rmdir(folder);
    return good ? 0 : 1;
}
