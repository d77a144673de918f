/* SPDX-License-Identifier: Apache-2.0
 *
 * The shim stands between SQLite and its unix VFS. A file of ours is our header followed by the real
 * file in the same allocation. No memory mapping (xFetch is left out), so every byte passes here.
 */
#include "tests/contract/faulty_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

struct faulty_file {
	sqlite3_file base;
	bool wal;
	sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim_vfs;
static sqlite3_io_methods shim_methods;

static atomic_int armed_kind;
static atomic_int countdown; /* 0: not armed */
static atomic_bool fired;
static atomic_ullong wal_syncs;
static atomic_bool wal_unsynced;

/* ---- When to fail. */

static bool fails(bool takes_space)
{
	int kind = atomic_load(&armed_kind);

	if (atomic_load(&countdown) == 0)
		return false;
	if (kind == FAULTY_FULL && !takes_space)
		return false;
	if (atomic_load(&fired))
		return kind != FAULTY_IO;
	if (atomic_fetch_sub(&countdown, 1) > 1)
		return false;
	atomic_store(&fired, true);
	atomic_store(&countdown, 1); /* stays armed */
	return true;
}

void faulty_vfs_arm(enum faulty_kind kind, int n)
{
	atomic_store(&armed_kind, (int)kind);
	atomic_store(&fired, false);
	atomic_store(&countdown, n);
}

bool faulty_vfs_disarm(void)
{
	atomic_store(&countdown, 0);
	return atomic_exchange(&fired, false);
}

uint64_t faulty_vfs_wal_syncs(void)
{
	return atomic_load(&wal_syncs);
}

bool faulty_vfs_wal_unsynced(void)
{
	return atomic_load(&wal_unsynced);
}

/* ---- Files. */

static struct faulty_file *ours(sqlite3_file *file)
{
	return (struct faulty_file *)file;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return ours(file)->real;
}

static int file_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	if (fails(false))
		return SQLITE_IOERR_READ;
	return real(file)->pMethods->xRead(real(file), to, n, at);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	if (ours(file)->wal)
		atomic_store(&wal_unsynced, true);
	if (!fails(true))
		return real(file)->pMethods->xWrite(real(file), from, n, at);
	if (atomic_load(&armed_kind) == FAULTY_IO)
		(void)real(file)->pMethods->xWrite(real(file), from, n / 2, at);
	return atomic_load(&armed_kind) == FAULTY_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (fails(false))
		return SQLITE_IOERR_TRUNCATE;
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	if (fails(false))
		return SQLITE_IOERR_FSYNC;
	int rc = real(file)->pMethods->xSync(real(file), flags);
	if (rc == SQLITE_OK && ours(file)->wal) {
		atomic_fetch_add(&wal_syncs, 1);
		atomic_store(&wal_unsynced, false);
	}
	return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	if (fails(false))
		return SQLITE_IOERR_FSTAT;
	return real(file)->pMethods->xFileSize(real(file), ret);
}

static int file_lock(sqlite3_file *file, int level)
{
	if (fails(false))
		return SQLITE_IOERR_LOCK;
	return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_reserved(sqlite3_file *file, int *ret)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int file_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	if (fails(extend != 0))
		return SQLITE_IOERR_SHMMAP;
	return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	if ((flags & SQLITE_SHM_LOCK) && fails(false))
		return SQLITE_IOERR_SHMLOCK;
	return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete);
}

/* ---- The file system. */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *ret_flags)
{
	struct faulty_file *f = ours(file);

	(void)vfs;
	f->base.pMethods = NULL;
	if (fails(false))
		return SQLITE_CANTOPEN;
	f->wal = (flags & SQLITE_OPEN_WAL) != 0;
	f->real = (sqlite3_file *)(f + 1);
	memset(f->real, 0, (size_t)real_vfs->szOsFile);
	int rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
	if (f->real->pMethods)
		f->base.pMethods = &shim_methods;
	return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	(void)vfs;
	if (fails(false))
		return SQLITE_IOERR_DELETE;
	return real_vfs->xDelete(real_vfs, name, sync_directory);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	(void)vfs;
	if (fails(false))
		return SQLITE_IOERR_ACCESS;
	return real_vfs->xAccess(real_vfs, name, flags, ret);
}

void faulty_vfs_register(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	pat_assert(real_vfs);
	shim_methods = (sqlite3_io_methods){
		.iVersion = 2,
		.xClose = file_close,
		.xRead = file_read,
		.xWrite = file_write,
		.xTruncate = file_truncate,
		.xSync = file_sync,
		.xFileSize = file_size,
		.xLock = file_lock,
		.xUnlock = file_unlock,
		.xCheckReservedLock = file_check_reserved,
		.xFileControl = file_control,
		.xSectorSize = file_sector_size,
		.xDeviceCharacteristics = file_characteristics,
		.xShmMap = file_shm_map,
		.xShmLock = file_shm_lock,
		.xShmBarrier = file_shm_barrier,
		.xShmUnmap = file_shm_unmap,
	};
	shim_vfs = *real_vfs;
	shim_vfs.pNext = NULL;
	shim_vfs.zName = "faulty";
	shim_vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
	shim_vfs.xOpen = vfs_open;
	shim_vfs.xDelete = vfs_delete;
	shim_vfs.xAccess = vfs_access;
	int rc = sqlite3_vfs_register(&shim_vfs, 1);
	pat_assert(rc == SQLITE_OK);
}
