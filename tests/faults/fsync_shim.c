/* A preloaded library in which one fsync or fdatasync fails with EIO, or all from one on.
   Counting begins when the file $KITH_SHIM_ARM exists; it holds "<n> once" or "<n> always": the n-th sync counted
   from there fails, of those of kith.db and its log: the index of the search may fail alone. "<n> piece": the same for
   sync_file_range, by which a checkpoint goes to the disk before its sync. "<n> freeze": from the n-th on all wait, of
   whatever file, until that file is gone. When it happens, the file $KITH_SHIM_ARM.fired is made. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int counted;

static int is_of_kith_db(int file)
{
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) {
        return 0;
    }
    path[size] = 0;
    const char* name = strrchr(path, '/');
    return name != NULL && strncmp(name, "/kith.db", strlen("/kith.db")) == 0;
}

static int must_fail(int synced, int is_piece)
{
    const char* path = getenv("KITH_SHIM_ARM");
    char text[32] = {0};
    int goal = 0;
    char mode[16] = {0};
    if (path == NULL) {
        return 0;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0 || sscanf(text, "%d %15s", &goal, mode) != 2) {
        return 0;
    }
    if (strcmp(mode, "freeze") != 0 && (!is_of_kith_db(synced) || is_piece != (strcmp(mode, "piece") == 0))) {
        return 0;
    }
    int number = atomic_fetch_add(&counted, 1) + 1;
    if (number < goal || (number > goal && strcmp(mode, "always") != 0 && strcmp(mode, "freeze") != 0)) {
        return 0;
    }
    char fired[4096];
    snprintf(fired, sizeof fired, "%s.fired", path);
    int mark = open(fired, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (mark >= 0) {
        close(mark);
    }
    if (strcmp(mode, "freeze") == 0) {
        while (access(path, F_OK) == 0) {
            usleep(1000);
        }
        return 0;
    }
    return 1;
}

static int pass_on(const char* name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (must_fail(file, 0)) {
        errno = EIO;
        return -1;
    }
    return real(file);
}

int fsync(int file)
{
    return pass_on("fsync", file);
}

int fdatasync(int file)
{
    return pass_on("fdatasync", file);
}

int sync_file_range(int file, off64_t begin, off64_t bytes, unsigned int flags)
{
    int (*real)(int, off64_t, off64_t, unsigned int) =
        (int (*)(int, off64_t, off64_t, unsigned int))dlsym(RTLD_NEXT, "sync_file_range");
    if (must_fail(file, 1)) {
        errno = EIO;
        return -1;
    }
    return real(file, begin, bytes, flags);
}
