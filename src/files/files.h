/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in product: people keep design documents in projects, share them, comment on them, and read them through
 * an API that has the shapes of Figma's. It is written as a foreign product would be: it sees the person whom the gate or
 * the session names, keeps its own database, and knows nothing of tokens. What a token may do was judged before.
 *
 * Who may see what is judged here and nowhere else, by every call: what a person may not see does not exist for them
 * (E_NOT_FOUND), what they may see but not change is E_NOT_ALLOWED.
 *
 *   team      one for each person, made when they first need it; its owner alone sees its projects
 *   project   in a team; holds files
 *   file      in a project; OWNER is the owner of the project's team; others have it shared as VIEWER or EDITOR.
 *             An EDITOR may upload versions, rename, and write as a viewer does; a VIEWER may read, comment and react.
 *             Sharing, moving, trashing, restoring and purging are the owner's.
 *   version   what was uploaded, never changed; the newest is what the file is
 *   trash     a file of the trash exists for its owner only, and only to be restored or purged; after
 *             PAT_FILES_TRASH_DAYS it is purged
 *
 * Any thread may call anything between open and close. Results: 0, an outcome, or a negative fault (-ENOSPC, -EIO, -ENOMEM,
 * -EBUSY). Strings handed in are copied; strings handed out live in the caller's struct or, in callbacks, until the
 * callback returns. A callback's result other than 0 ends the walk and is returned. A change is durable when its call
 * returns. Times are seconds since 1970 by the wall clock that is handed in.
 */
#ifndef PAT_FILES_FILES_H
#define PAT_FILES_FILES_H

#include "base/err.h"
#include "files/outline.h"
#include "files/plan.h"

/* Headers of every answer under /v1, as Figma's clients know them. */
#define PAT_FILES_CONTENT_TYPE  "application/json; charset=utf-8"
#define PAT_FILES_CACHE_CONTROL "no-cache, no-store"
#define PAT_FILES_VARY          "X-Figma-Token,Authorization,Accept-Encoding"

#define PAT_FILES_KEY_CHARS         22 /* of base62: 128 bits from the kernel */
#define PAT_FILES_NAME_CHARS_MAX    120
#define PAT_FILES_NAME_BYTES_MAX    (4 * PAT_FILES_NAME_CHARS_MAX)
#define PAT_FILES_MESSAGE_CHARS_MAX 5000
#define PAT_FILES_MESSAGE_BYTES_MAX (4 * PAT_FILES_MESSAGE_CHARS_MAX)
#define PAT_FILES_LABEL_CHARS_MAX   200  /* of a version */
#define PAT_FILES_META_BYTES_MAX    1024 /* client_meta, as canonical JSON */
#define PAT_FILES_EMOJI_BYTES_MAX   64   /* ":heart:", ":heart_eyes_cat:" */
#define PAT_FILES_PROJECTS_MAX      500  /* in a team */
#define PAT_FILES_FILES_MAX         5000 /* in a team, trash included */
#define PAT_FILES_VERSIONS_MAX      200  /* of a file; its owner deletes some */
#define PAT_FILES_SHARES_MAX        200  /* of a file */
#define PAT_FILES_COMMENTS_MAX      5000 /* of a file */
#define PAT_FILES_REACTIONS_MAX     200  /* of a comment */
/* Of one person in a file that is not their own: nobody uses up what all have together. */
#define PAT_FILES_COMMENTS_EACH_MAX       1000
#define PAT_FILES_COMMENTS_EACH_BYTES_MAX (2u << 20)
#define PAT_FILES_FILE_REACTIONS_EACH_MAX 2000
#define PAT_FILES_REACTIONS_EACH_MAX      20 /* to one comment */
/* Of a file, over all comments: what a list of them may be is known. */
#define PAT_FILES_COMMENTS_BYTES_MAX (8u << 20) /* of messages */
#define PAT_FILES_FILE_REACTIONS_MAX 20000
#define PAT_FILES_ASSETS_MAX         20000        /* of a file; more are not published */
#define PAT_FILES_ASSETS_BYTES_MAX   (24u << 20)  /* … and of an answer with all of them */
#define PAT_FILES_FILL_BYTES_MAX     (8u << 20)   /* one image of a file */
#define PAT_FILES_FILLS_BYTES_MAX    (256u << 20) /* all images of a file */
#define PAT_FILES_FILLS_MAX          2000         /* so many */
#define PAT_FILES_TRASH_DAYS         30

struct pat_core;
struct pat_files;

enum pat_files_outcome {
	PAT_FILES_E_NOT_FOUND = 1,
	PAT_FILES_E_NOT_ALLOWED,
	PAT_FILES_E_NAME_REQUIRED,
	PAT_FILES_E_NAME_TOO_LONG,
	PAT_FILES_E_NAME_BAD_CHARACTERS,
	PAT_FILES_E_NAME_TAKEN, /* a project of the team has it */
	PAT_FILES_E_NOT_EMPTY,  /* a project with files, the trash's included, can not be removed */
	PAT_FILES_E_LIMIT,      /* as many as there may be of this kind */
	PAT_FILES_E_DOCUMENT, /* what was uploaded is no document; `why` says what is wrong and where */
	PAT_FILES_E_TOO_LARGE,
	PAT_FILES_E_PERSON,  /* share: there is nobody of that email, or it is the owner */
	PAT_FILES_E_MESSAGE, /* comment: empty, too long or not UTF-8 */
	PAT_FILES_E_META,    /* comment: client_meta has none of Figma's four shapes */
	PAT_FILES_E_EMOJI,
	PAT_FILES_E_PARENT, /* comment: the one that is replied to does not exist or is a reply */
	PAT_FILES_E_EXISTS, /* the same reaction is there */
	PAT_FILES_E_IMAGE,  /* not a PNG, JPEG, GIF or WebP */
	PAT_FILES_E_NODE,   /* there is no such node */
	PAT_FILES_E_CURSOR, /* a cursor that was not handed out */
	PAT_FILES_E_NEWEST, /* of a file's versions the newest stays */
	PAT_FILES_E_ENDED,  /* upload: whoever began it may no longer */
	PAT_FILES_E_QUOTA,  /* the team keeps as many bytes as it may */
	PAT_FILES_E_RESERVE, /* what is left of the disk is kept for others. Of every call by which something is added */
};

enum pat_files_role {
	PAT_FILES_NOBODY,
	PAT_FILES_VIEWER,
	PAT_FILES_EDITOR,
	PAT_FILES_OWNER,
};
/* "viewer", "editor", "owner". */
const char *pat_files_role_name(enum pat_files_role role);

struct pat_files_config {
	const char *store;       /* path of its database, made when it is not there */
	struct pat_core *core;   /* outlives it: who people are. It is asked for names only */
	uint8_t picture_key[32]; /* signs the addresses of pictures */
	const char *
		sample; /* path of the document that a new person finds in their first project; NULL: none */
	uint64_t
		team_bytes_max; /* that a team may keep: every version, trash and images included; 0: any number */
	/* So much is left free on the file system of `reserve_for`, if the database lies on it too: what makes it grow is
	 * refused before. 0: nothing. */
	uint64_t reserve_bytes;
	const char *reserve_for;
};

/* -EPROTO (of a newer patd), -EINVAL (not ours), -EBUSY (in use), I/O: with the reason in `err`. */
int pat_files_open(const struct pat_files_config *config, struct pat_files **ret,
                   struct pat_err *err) PAT_MUST_USE;
void pat_files_close(struct pat_files *files);
/* 0 when a change could be made now, else what it would have returned. For readiness. */
int pat_files_check(struct pat_files *files) PAT_MUST_USE;
/* A thread that keeps house every few minutes, until the end. -EAGAIN, with the reason in `err`. */
int pat_files_keeper_start(struct pat_files *files, struct pat_err *err) PAT_MUST_USE;
/* One turn of it: purges old trash, uploads that broke off, and contents that nothing refers to any more; a bounded
 * amount of work. */
void pat_files_keep(struct pat_files *files, int64_t now_s);

/* Who calls, and when. */
struct pat_files_caller {
	int64_t person;
	int64_t now_s;
};

/* ---- Teams and projects. */

struct pat_files_team {
	int64_t id;
	int64_t owner;
	char name[PAT_FILES_NAME_BYTES_MAX + 1]; /* "Ada's team" */
};

struct pat_files_project {
	int64_t id;
	int64_t team;
	char name[PAT_FILES_NAME_BYTES_MAX + 1];
	int64_t n_files; /* without the trash */
	int64_t created_s;
	int64_t updated_s; /* the newest change of it or of a file in it */
};
typedef int pat_files_project_fn(void *arg, const struct pat_files_project *project);

/* The caller's own, made if need be with a first project ("Drafts") and the sample in it. */
int pat_files_team_own(struct pat_files *files, const struct pat_files_caller *caller,
                       struct pat_files_team *ret) PAT_MUST_USE;
/* E_NOT_FOUND: not the caller's. */
int pat_files_team_get(struct pat_files *files, const struct pat_files_caller *caller, int64_t id,
                       struct pat_files_team *ret) PAT_MUST_USE;
int pat_files_project_list(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t team, pat_files_project_fn *fn, void *arg) PAT_MUST_USE;
int pat_files_project_get(struct pat_files *files, const struct pat_files_caller *caller,
                          int64_t id, struct pat_files_project *ret) PAT_MUST_USE;
/* In the caller's own team. E_NAME_…, E_LIMIT. */
int pat_files_project_create(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *name, struct pat_files_project *ret) PAT_MUST_USE;
int pat_files_project_rename(struct pat_files *files, const struct pat_files_caller *caller,
                             int64_t id, const char *name,
                             struct pat_files_project *ret) PAT_MUST_USE;
/* E_NOT_EMPTY. */
int pat_files_project_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             int64_t id) PAT_MUST_USE;

/* ---- Files. */

struct pat_files_file {
	int64_t id; /* inside */
	char key[PAT_FILES_KEY_CHARS + 1];
	/* Of the owner; 0 and "" for whom it is shared with: it is in no project of theirs. */
	int64_t project;
	int64_t team;
	char project_name[PAT_FILES_NAME_BYTES_MAX + 1];
	char name[PAT_FILES_NAME_BYTES_MAX + 1];
	enum pat_files_role role; /* the caller's */
	int64_t creator;
	int64_t toucher; /* who changed it last */
	int64_t created_s;
	int64_t touched_s;
	int64_t trashed_s; /* 0: not in the trash */
	int64_t opened_s;  /* by the caller, last; 0: never */
	int64_t version;   /* the newest */
	int64_t n_versions;
	int64_t n_comments; /* unresolved threads */
	int64_t n_shares;   /* 0 for whom it is shared with: they are not told of others */
	uint32_t bytes;     /* of the newest version's text */
	uint32_t n_nodes;
	char editor_type[16]; /* "figma", "figjam" */
};
typedef int pat_files_file_fn(void *arg, const struct pat_files_file *file);

/* Of a caller who may see it and when it is not in the trash (the owner sees it there too). E_NOT_FOUND. */
int pat_files_file_get(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key, struct pat_files_file *ret) PAT_MUST_USE;
/* The same, and remembers that the caller opened it, if that can be written: what can be read is read on a full disk too. */
int pat_files_file_open(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, struct pat_files_file *ret) PAT_MUST_USE;

enum pat_files_view {
	PAT_FILES_VIEW_ALL,    /* one's own and those shared with one */
	PAT_FILES_VIEW_RECENT, /* opened by the caller, the last first (the order can not be chosen) */
	PAT_FILES_VIEW_SHARED, /* with the caller */
	PAT_FILES_VIEW_TRASH,  /* the caller's own that are in it */
};
enum pat_files_order {
	PAT_FILES_BY_NAME,
	PAT_FILES_BY_CREATED,
	PAT_FILES_BY_TOUCHED,
	PAT_FILES_BY_SIZE,
};
struct pat_files_query {
	enum pat_files_view view;
	int64_t project;    /* 0: any. One that is not the caller's: E_NOT_FOUND */
	const char *search; /* part of a name, ASCII letters in either case; NULL or "": any */
	enum pat_files_order
		order;   /* names: ASCII letters in either case; the same: older ids first */
	bool descending; /* the exact reverse */
	int64_t offset;  /* 0, and then the number of files seen */
	unsigned limit;  /* 1 to 100 */
};
/* `ret_more`: there are others behind. */
int pat_files_file_list(struct pat_files *files, const struct pat_files_caller *caller,
                        const struct pat_files_query *query, pat_files_file_fn *fn, void *arg,
                        bool *ret_more) PAT_MUST_USE;

/* E_NOT_ALLOWED (a viewer; moving: not the owner), E_NAME_…, E_NOT_FOUND (the file, or the project to move to). `name`
 * NULL and `project` 0 leave what is. */
int pat_files_file_change(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *name, int64_t project,
                          struct pat_files_file *ret) PAT_MUST_USE;
/* E_NOT_ALLOWED. Repeating is 0 and changes nothing. */
int pat_files_file_trash(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key, bool trashed, struct pat_files_file *ret) PAT_MUST_USE;
/* For good. E_NOT_FOUND when it is not in the trash. */
int pat_files_file_purge(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key) PAT_MUST_USE;

/* ---- Uploading. A document is scanned, checked and stored as its bytes come; until finish nobody sees anything of it. One
 * thread per upload. */

struct pat_files_upload;

/* A new file in `project` (0: the caller's first), or with `key` a new version of a file, whose name stays. `name`: NULL takes
 * the document's own, or "Untitled". What is judged here is judged again by finish. E_NOT_FOUND, E_NOT_ALLOWED, E_LIMIT,
 * E_NAME_…. */
int pat_files_upload_begin(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t project, const char *key, const char *name,
                           struct pat_files_upload **ret) PAT_MUST_USE;
/* So many bytes will come: they are the upload's from now on, and nobody else's. May be left out: what comes is judged as it
 * comes. E_QUOTA, E_RESERVE; then only free is left. */
int pat_files_upload_expect(struct pat_files_upload *upload, uint64_t bytes) PAT_MUST_USE;
/* E_DOCUMENT, E_TOO_LARGE: `why` says what is wrong and where. E_QUOTA, E_RESERVE. Then only free is left. */
int pat_files_upload_feed(struct pat_files_upload *upload, const void *bytes, size_t len,
                          struct pat_buf *why) PAT_MUST_USE;
/* Asked by finish when all is ready, right before anything becomes visible: an upload takes long, and who began it may be
 * gone. 0, E_ENDED, or a fault, with which finish ends. */
typedef int pat_files_upload_guard_fn(void *arg);
void pat_files_upload_guard(struct pat_files_upload *upload, pat_files_upload_guard_fn *fn,
                            void *arg);
/* `label` and `description` of the version: NULL none. As begin and feed; `ret` is the file as it is now. Ends the upload, but
 * for free. */
int pat_files_upload_finish(struct pat_files_upload *upload, const char *label,
                            const char *description, struct pat_buf *why,
                            struct pat_files_file *ret) PAT_MUST_USE;
void pat_files_upload_free(struct pat_files_upload *upload);
void pat_files_upload_freep(struct pat_files_upload **upload);

/* ---- Versions. */

struct pat_files_version {
	int64_t id;
	int64_t person;
	int64_t created_s;
	uint32_t bytes;
	char label[4 * PAT_FILES_LABEL_CHARS_MAX + 1];       /* "": none */
	char description[4 * PAT_FILES_LABEL_CHARS_MAX + 1]; /* "": none */
};
typedef int pat_files_version_fn(void *arg, const struct pat_files_version *version);
/* Newest first: those before `before` (0: from the newest), or, ascending, those after `after`. `limit` of them. */
int pat_files_version_list(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, int64_t before, int64_t after, unsigned limit,
                           pat_files_version_fn *fn, void *arg, bool *ret_more) PAT_MUST_USE;

/* For good: the owner's. E_NEWEST: it is what the file is. */
int pat_files_version_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *key, int64_t version) PAT_MUST_USE;

/* ---- Reading a document. */

struct pat_files_document; /* one version: its outline in memory, its text by ranges */

/* `version` 0: the newest. E_NOT_FOUND. */
int pat_files_document_open(struct pat_files *files, const struct pat_files_caller *caller,
                            const char *key, int64_t version, struct pat_files_file *ret_file,
                            struct pat_files_document **ret) PAT_MUST_USE;
void pat_files_document_close(struct pat_files_document *document);
void pat_files_document_closep(struct pat_files_document **document);
const struct pat_outline *pat_files_document_outline(const struct pat_files_document *document);
/* Valid while the document is open, on one thread. */
const struct pat_text *pat_files_document_text(struct pat_files_document *document);
int64_t pat_files_document_version(const struct pat_files_document *document);
int64_t pat_files_document_time_s(const struct pat_files_document *document);

/* ---- Pictures. */

/* The picture of a node as SVG, appended to `out`. PAT_NO_NODE: of the whole, as the file browser shows it, small and without
 * regard to the rest; that of the newest version is kept. E_NODE when there is nothing to draw, or more than `out` takes. */
struct pat_files_picture {
	uint32_t node;
	uint32_t width_max; /* in pixels, into which it is scaled down; 0: its own size */
	uint32_t height_max;
	double scale;         /* where no maximum applies; 0: 1 */
	bool include_id;      /* Figma's svg_include_id */
	bool include_node_id; /* … svg_include_node_id */
	bool outline_text;    /* … svg_outline_text */
};
int pat_files_document_draw(struct pat_files_document *document,
                            const struct pat_files_picture *picture,
                            struct pat_buf *out) PAT_MUST_USE;
/* Whether there is something to draw, without drawing it: 0, E_NODE, or a fault. */
int pat_files_document_drawable(struct pat_files_document *document, uint32_t node) PAT_MUST_USE;

/* An address that shows one picture to whoever has it, without a token, until it ends: "/pictures/<base62>.svg". What it
 * stands for is in it, and signed. `version` 0: what is the newest now. `node`: an id, or "" for the whole; whether there is such
 * a node shows when the picture is fetched. Of `how` all but the node and the maxima count; NULL: nothing special. E_NODE: an
 * id that no node has. */
#define PAT_FILES_PICTURE_PATH_MAX 512
int pat_files_picture_path(struct pat_files *files, const struct pat_files_file *file,
                           int64_t version, const char *node, const struct pat_files_picture *how,
                           int64_t ends_s,
                           char out[static PAT_FILES_PICTURE_PATH_MAX]) PAT_MUST_USE;
/* The same for an image of the file, as it was listed: "/pictures/<base62>.png" and so on. */
struct pat_files_fill;
int pat_files_fill_path(struct pat_files *files, const struct pat_files_file *file,
                        const struct pat_files_fill *fill, int64_t ends_s,
                        char out[static PAT_FILES_PICTURE_PATH_MAX]) PAT_MUST_USE;
/* What stands behind such an address: its bytes and type. E_NOT_FOUND: forged, over, or gone. */
int pat_files_picture_read(struct pat_files *files, const char *name, int64_t now_s,
                           struct pat_buf *out, const char **ret_type) PAT_MUST_USE;

/* ---- Images that fills refer to by their SHA-1, which is what Figma calls imageRef. */

struct pat_files_fill {
	char ref[41];
	const char *type; /* "image/png" */
	uint32_t bytes;
};
typedef int pat_files_fill_fn(void *arg, const struct pat_files_fill *fill);
/* Whether an image of so many bytes may be added, for whoever asks before it has come. E_NOT_ALLOWED, E_LIMIT, E_QUOTA,
 * E_RESERVE. */
int pat_files_fill_expect(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, size_t len) PAT_MUST_USE;
/* E_IMAGE, E_TOO_LARGE, E_NOT_ALLOWED, E_LIMIT, E_QUOTA, E_RESERVE. The same image twice is one. */
int pat_files_fill_add(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key, const void *bytes, size_t len,
                       struct pat_files_fill *ret) PAT_MUST_USE;
/* Whoever may add one. What refers to it is as it was before there was one. E_NOT_ALLOWED, E_NOT_FOUND. */
int pat_files_fill_remove(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *ref) PAT_MUST_USE;
int pat_files_fill_list(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, pat_files_fill_fn *fn, void *arg) PAT_MUST_USE;
/* Those that a document refers to and its file has not got: each once, in no order, the first PAT_FILES_REFS_MAX that are met. */
#define PAT_FILES_REFS_MAX 1000
typedef int pat_files_ref_fn(void *arg, const char *ref);
int pat_files_document_missing(struct pat_files_document *document, pat_files_ref_fn *fn,
                               void *arg) PAT_MUST_USE;

/* ---- Sharing: the owner's. */

struct pat_files_share {
	int64_t person;
	enum pat_files_role role;
	int64_t created_s;
};
typedef int pat_files_share_fn(void *arg, const struct pat_files_share *share);
int pat_files_share_list(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key, pat_files_share_fn *fn, void *arg) PAT_MUST_USE;
/* VIEWER or EDITOR, for the person of an email; changes what is. E_PERSON, E_NOT_ALLOWED, E_LIMIT. */
int pat_files_share_set(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, const char *email, enum pat_files_role role,
                        struct pat_files_share *ret) PAT_MUST_USE;
/* The owner ends anybody's, everybody their own. E_NOT_FOUND. */
int pat_files_share_end(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, int64_t person) PAT_MUST_USE;

/* ---- Comments. */

struct pat_files_comment {
	int64_t id;
	int64_t parent; /* 0: a thread of its own */
	int64_t person;
	int64_t created_s;
	int64_t resolved_s; /* 0: open. Of threads */
	int64_t order;      /* threads of a file, from 1; 0: a reply */
	const char *message;
	const char *client_meta; /* JSON */
};
struct pat_files_reaction {
	int64_t id; /* ascending */
	int64_t comment;
	int64_t person;
	int64_t created_s;
	char emoji[PAT_FILES_EMOJI_BYTES_MAX + 1];
};
typedef int pat_files_comment_fn(void *arg, const struct pat_files_comment *comment);
typedef int pat_files_reaction_fn(void *arg, const struct pat_files_reaction *reaction);

/* Oldest first. */
int pat_files_comment_list(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, pat_files_comment_fn *fn, void *arg) PAT_MUST_USE;
/* `client_meta`: JSON of one of Figma's shapes, or NULL for {"x":0,"y":0}; a reply has its thread's. E_MESSAGE, E_META,
 * E_PARENT, E_LIMIT. `fn` is called once with what was made. */
int pat_files_comment_add(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *message, int64_t parent,
                          const char *client_meta, pat_files_comment_fn *fn,
                          void *arg) PAT_MUST_USE;
/* The author's own, and, where `tidying`, whatever is in a file of one's own; with a thread go its replies. Figma has the
 * former only. E_NOT_ALLOWED, E_NOT_FOUND. */
int pat_files_comment_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *key, int64_t comment, bool tidying) PAT_MUST_USE;
/* Its author and whoever may edit the file. E_NOT_ALLOWED, E_PARENT (a reply). */
int pat_files_comment_resolve(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, int64_t comment, bool resolved,
                              pat_files_comment_fn *fn, void *arg) PAT_MUST_USE;
/* Of one comment, or of all of the file with `comment` 0; oldest first; those after `after` (the number of reactions seen). */
int pat_files_reaction_list(struct pat_files *files, const struct pat_files_caller *caller,
                            const char *key, int64_t comment, int64_t after, unsigned limit,
                            pat_files_reaction_fn *fn, void *arg, bool *ret_more) PAT_MUST_USE;
/* E_EMOJI (not ":name:" with an optional "::skin-tone-2:" to 6), E_EXISTS, E_LIMIT. */
int pat_files_reaction_add(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, int64_t comment, const char *emoji) PAT_MUST_USE;
/* The caller's own. E_NOT_FOUND. */
int pat_files_reaction_remove(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, int64_t comment, const char *emoji) PAT_MUST_USE;

/* ---- Libraries: the components, component sets and styles that newest versions publish (those of their tables that are not
 * "remote" and take no more than 64 KiB). Names are cut at 1 KiB, descriptions at 8 KiB (files/cut.h). */

struct pat_files_asset {
	int64_t id; /* the cursor; ascending */
	enum pat_outline_table kind;
	char key[64];
	char file_key[PAT_FILES_KEY_CHARS + 1];
	char node_id[PAT_NODE_ID_MAX + 1];
	char style_type[16]; /* styles: FILL, TEXT, EFFECT, GRID */
	const char *name;
	const char *description;
	const char *set_node_id; /* components: of their component set; "" none */
	const char *set_name;
	/* The page that holds it, and what of the page's children does; "" when there is none, or when it is the asset. */
	const char *frame_id;
	const char *frame_name;
	const char *page_id;
	const char *page_name;
	int64_t person; /* whose upload changed it last, as Figma's `user` is */
	int64_t created_s;
	int64_t updated_s;
};
typedef int pat_files_asset_fn(void *arg, const struct pat_files_asset *asset);
int pat_files_asset_list_file(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, enum pat_outline_table kind, pat_files_asset_fn *fn,
                              void *arg) PAT_MUST_USE;
/* Of all files of a team that are not in the trash. Ascending those with id > `after`, or descending those < `before`. */
int pat_files_asset_list_team(struct pat_files *files, const struct pat_files_caller *caller,
                              int64_t team, enum pat_outline_table kind, int64_t after,
                              int64_t before, unsigned limit, pat_files_asset_fn *fn, void *arg,
                              bool *ret_more) PAT_MUST_USE;
/* In any file that the caller may see. E_NOT_FOUND. */
int pat_files_asset_get(struct pat_files *files, const struct pat_files_caller *caller,
                        enum pat_outline_table kind, const char *asset_key, pat_files_asset_fn *fn,
                        void *arg) PAT_MUST_USE;

#endif
