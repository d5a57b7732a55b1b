/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "quiver-draw.so"

/* Beside this program in the build, where it is installed, or where its folder was moved to; QUIVER_DRAW names another. */
static bool find_module(char *path, size_t size)
{
    static const char *const beside[] = {MODULE, "../" QUIVER_LIBDIR "/quiver/" MODULE};
    const char *named = getenv("QUIVER_DRAW");
    if (named)
        return (size_t)snprintf(path, size, "%s", named) < size && access(path, R_OK) == 0;
    char self[4096];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = NULL;
    if (length > 0) {
        self[length] = 0;
        slash = strrchr(self, '/');
    }
    for (size_t i = 0; slash && i < sizeof beside / sizeof beside[0]; i++) {
        *slash = 0;
        if ((size_t)snprintf(path, size, "%s/%s", self, beside[i]) < size && access(path, R_OK) == 0)
            return true;
    }
    return (size_t)snprintf(path, size, "%s", QUIVER_MODULE_DIR "/" MODULE) < size && access(path, R_OK) == 0;
}

int draw_open(const struct draw_module **out, struct qv_error *error)
{
    char path[4352];
    if (!find_module(path, sizeof path))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s, which draws pictures, is not installed", MODULE);
    /* Its libraries keep state that cannot be unloaded, so it stays; loading it again costs nothing. */
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct draw_module *draw = module ? dlsym(module, DRAW_SYMBOL) : NULL;
    if (!draw)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s cannot be loaded: %s", path, dlerror());
    if (strcmp(draw->version, QUIVER_VERSION) != 0)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s is of version %s, expected %s", path, draw->version,
                       QUIVER_VERSION);
    *out = draw;
    return QV_OK;
}
