/* SPDX-License-Identifier: Apache-2.0
 *
 * Many nodes verify tokens. One call revokes a token. Once that call has returned, no node accepts the token.
 *
 *   W, C      Revoker, Writer   a change: its number under the lock of the head, and the commit
 *   K, K2     Revoker           the rows are read; then all of them have acknowledged, or L' is over
 *   N1        Node              the clock is read, before anything is sent
 *   N2        Node              the node's own row is written; the commit is synchronous
 *   N3        Node              a new snapshot: of the changes, or of everything
 *   N4        Node              the new generation is published
 *   N5        Node              the acknowledgement, which may be lost
 *   V1        Verify            the request is complete
 *   V2        Verify            the generation
 *   V3        Verify            the clock
 *   V4        Verify            the lease is over: 503
 *   V5        Verify            the look-up, and the answer
 *   G, G2, G3 Reaper            a row is looked at; its counter has not moved for L'; it is deleted
 *
 * What is asserted:
 *
 *   S    no request that was sent after the revoke had returned is answered "accept"
 *   A    no request is answered "unknown token" before anybody has begun to revoke
 *   I2   a generation is what the changes 1 to `applied` lead to, and `applied` does not go back
 *   I3   a node acknowledges nothing that it has not published
 *   I4   a lease says that everything committed before it began is in the generation
 *   I5   a row is deleted only when its lease is over
 *   I6   a node does not forget a revocation
 *
 * What a reader must know:
 *
 * Time is what is left of it. A lease is a number of ticks, and its node's clock takes them away. So nothing counts up, and runs have no
 * end. Any process may stand still between two steps while clocks tick.
 *
 * Every node, the revoker and the reaper have clocks of their own. None is ever more than one tick ahead of another. So while one makes
 * L + 2 ticks, each other one makes at least L, and may make no more: L + 2 is L'.
 *
 * A generation never changes, so a copy is as good as a pointer to it. With SLOTS a generation is a file in which slots are changed one
 * by one, and verifications look at what is there at that moment.
 *
 * An incarnation is never used again, but the place of its row here is. So whoever waits for a row stops when it is deleted.
 *
 * The token is one bit of the index, `valid`. Its change may have a neighbour, WRITER's, so that order matters.
 *
 * Macros. N nodes, and ASKED of them are sent a request. What may happen besides: WRITER, CATCHUP, REAPER, CRASH, FAILOVER, DOUBT (with
 * FAILOVER), SLOTS, STRICT. README.md has the mutations. REACH=R_…: claims that this is never reached. ONLY_S: asserts S only.
 */
#ifndef N
#define N 2
#endif
#ifndef ASKED
#define ASKED N
#endif
#ifndef L
#define L 2
#endif
#define LW (L + 2)
#ifdef SHORT_WAIT
#define WAIT L
#endif
#ifndef WAIT
#define WAIT LW
#endif

#define R_ACCEPTED 1    /* an accept before anybody has begun to revoke */
#define R_REFUSED 2     /* a refusal, sent after the revoke had returned */
#define R_EXPIRED 3     /* a lease that ends between V2 and V3 */
#define R_ACKS 4        /* a return with somebody's acknowledgement, before L' is over */
#define R_WAITED 5      /* a return after L', with an acknowledgement missing */
#define R_FLIP 6        /* an accept of a request that was sent after another one had been refused */
#define R_OLDER 7       /* a generation with the token, published after one without it */
#define R_CAUGHT_UP 8   /* a catch-up that brings the revocation */
#define R_REAPED 9      /* a row is deleted that the revoker waits for */
#define R_GUARDED 10    /* a row is not deleted, because its counter has moved */
#define R_REGISTERED 11 /* a node whose row was deleted has a lease again */
#define R_RESTARTED 12  /* the lease of a second incarnation */
#define R_STOPPED 13    /* a node that stops, while the revoker waits for its row */
#define R_MOVED 14      /* a lease from the new primary */
#define R_OLD_ROWS 15   /* the revoker reads rows from the old primary */
#define R_LOST 16       /* a failover that loses a change */
#define R_AGAIN 17      /* a revoke that was in doubt is asked for again, and found */
#define R_RECOUNTED 18  /* a failover that loses a counter that the reaper has seen */
#define R_OLD_FILE 19   /* a look-up in a file that has been superseded */
#ifndef REACH
#define REACH 0
#endif
#define reached(what) assert(REACH != what)
#ifdef ONLY_S
#define invariant(x) skip
#else
#define invariant(x) assert(x)
#endif
#define down(x) x = x - (x > 0)

typedef Node_state {
	/* its generation */
	bit valid;
	unsigned applied : 2;
	unsigned lease : 2; /* ticks left */
	bit loaded;
	/* its round */
	bit known;          /* it has inserted its row */
	unsigned left : 2;  /* ticks left of the lease that this round will give */
	bit written;        /* N2 is done */
	unsigned due : 2;   /* what was committed at N1 */
	/* its verification */
	unsigned rest : 2;  /* ticks left of the lease that V2 has read */
#ifdef SLOTS
	bit file;           /* which of two files is the index */
	bit other;          /* `valid` in the one that is not */
	unsigned held : 2;  /* 1 + the file that V2 has read; 0: none */
#endif
#ifdef CRASH
	bit second;         /* its row is in its second place */
	bit from;           /* the row of its lease is */
#endif
#ifdef FAILOVER
	bit conn;           /* the primary that it speaks to: 0 the first, 1 the second */
	bit born;           /* the primary that its generation is from */
#endif
#ifdef STRICT
	bit complete;       /* a request is there */
	bit batch;          /* it was there at N1 */
	unsigned answer : 2; /* 1 refuse, 2 accept */
#endif
};

typedef Row {
	bit there;
	unsigned acked : 2;
	bit awaited;        /* the revoker has read it */
#ifdef FAILOVER
	bit was_there;      /* on the old primary, when it was the primary last */
	bit soft;           /* the standby does not have it yet */
	bit counting;       /* the standby does not have its counter yet */
#endif
};

Node_state node[N];
#ifdef CRASH
#define ROWS (2 * N)
#define R(i) (i + node[i].second * N)
#define LEASE_ROW(i) (i + node[i].from * N)
#else
#define ROWS N
#define LEASE_ROW(i) i
#ifdef TAKE_OVER
#define R(i) 0
#else
#define R(i) i
#endif
#endif
Row row[ROWS];
#if ROWS == 1
#define EVERY(p) (p(0))
#define SOME(p) (p(0))
#elif ROWS == 2
#define EVERY(p) (p(0) && p(1))
#define SOME(p) (p(0) || p(1))
#elif ROWS == 3
#define EVERY(p) (p(0) && p(1) && p(2))
#define SOME(p) (p(0) || p(1) || p(2))
#elif ROWS == 4
#define EVERY(p) (p(0) && p(1) && p(2) && p(3))
#define SOME(p) (p(0) || p(1) || p(2) || p(3))
#endif

/* What the primary shows. */
byte head;       /* the highest number that is committed */
byte number;     /* the last number that was given out */
bit locked;      /* somebody holds the lock of the head */
byte revocation; /* the number of the token's revocation; 0: it is valid */

#ifdef FAILOVER
/* After a failover the old primary shows what it did, commits nothing, and answers whoever reads there. */
bit epoch;            /* 0 the first primary, 1 the second */
byte sure;            /* the highest number that the standby has */
byte old_head;
byte old_revocation;
bit revoker_conn;
bit revoked_on_first; /* the first primary has acknowledged the revoke */
#define PRIMARY(conn) (conn == epoch)
#define HEAD(n) (PRIMARY(n.conn) -> head : old_head)
#define REVOCATION(n) (PRIMARY(n.conn) -> revocation : old_revocation)
#define SAME(n) (n.born == n.conn)
#define COMMITTED sure
#else
#define PRIMARY(conn) true
#define HEAD(n) head
#define REVOCATION(n) revocation
#define SAME(n) true
#define COMMITTED head
#endif

unsigned wait_left : 3; /* ticks left until the revoker has waited long enough */
bit begun;              /* somebody has begun to revoke */
bit returned;           /* and that call has returned */
bit refused;            /* a request was refused as revoked; kept for STRICT and R_FLIP */
bit told;               /* a generation without the token was published; kept for R_OLDER */
#if defined(STRICT) || REACH == R_FLIP
#define REFUSED 1
#else
#define REFUSED 0
#endif
#ifdef REAPER
unsigned watch_left : 3;
unsigned target : 3; /* 1 + the row that is looked at */
unsigned moved : 2;  /* its counter: 0 as it was seen, 1 another, 2 one less */
#ifdef DOUBT
unsigned moved_sure : 2; /* the same on the standby */
#endif
#define CLOCKS (N + 2)
#else
#define CLOCKS (N + 1)
#endif
bit ahead[CLOCKS];   /* it has made one tick more than the slowest */
byte k;              /* counts inside a step; 0 outside */

/* A synchronous commit: the standby has that, and everything before. */
inline synchronous() {
#ifdef FAILOVER
	for (k : 0 .. ROWS - 1) {
		row[k].soft = 0;
		row[k].counting = 0
	}
	k = 0;
#if defined(REAPER) && defined(DOUBT)
	moved_sure = moved;
#endif
	sure = head
#else
	skip
#endif
}

/* ---- a node ---- */

#define ME node[_pid]
#define MINE row[R(_pid)]

inline drop_round() {
	ME.left = 0;
	ME.written = 0;
	ME.due = 0;
	seen = 0;
	has = 0;
	whole = 0;
	renews = 0
}

/* A process that begins: it has loaded nothing, and its next row is a new one. */
inline forget() {
	ME.applied = 0;
	ME.loaded = 0;
	ME.known = 0;
#ifdef FAILOVER
	ME.born = 0;
#endif
	drop_round()
}

/* What may happen to a node before any of its steps. A round that has changed its server begins anew. */
#ifndef FAILOVER
#define RECONNECTS(here)
#elif defined(SPLIT_ROUND)
#define RECONNECTS(here) :: d_step { epoch -> ME.conn = 1 - ME.conn }; goto here
#else
#define RECONNECTS(here) :: d_step { epoch -> ME.conn = 1 - ME.conn; drop_round() }; goto N1
#endif
/* It dies and is started again: its row stays, and so does a generation that other processes look into. Or it stops, so that nobody looks
 * into it any more, and deletes its row. */
#ifdef CRASH
#define RESTARTS \
	:: d_step { \
		ME.known && !row[(1 - ME.second) * N + _pid].there -> \
		forget(); ME.second = 1 - ME.second; again = (REACH == R_RESTARTED) \
	   }; \
	   goto N1 \
	:: d_step { \
		ME.known && PRIMARY(ME.conn) -> \
		if :: MINE.awaited -> reached(R_STOPPED) :: else fi; \
		forget(); ME.lease = 0; MINE.there = 0; MINE.acked = 0; MINE.awaited = 0; synchronous() \
	   }; \
	   goto N1
#else
#define RESTARTS
#endif

inline count_up() {
#ifdef REAPER
	if
	:: target == R(_pid) + 1 -> moved = (moved == 2 -> 0 : 1)
	:: else
	fi;
#endif
	skip
}

inline write_row() {
	if
	:: !ME.known ->
		MINE.there = 1;
		ME.known = 1;
		count_up();
#ifdef ASYNC_REGISTER
		MINE.soft = 1
#else
		synchronous()
#endif
	:: else ->
#ifdef OLD_ACK
		MINE.acked = ME.applied;
#else
		/* What was applied is a number of the history it is from. */
		MINE.acked = (SAME(ME) -> ME.applied : 0);
#endif
		invariant(MINE.acked <= ME.applied); /* I3 */
		count_up();
		synchronous()
	fi;
	ME.written = 1
}

inline look() {
	seen = HEAD(ME);
	whole = whole || !ME.loaded || !SAME(ME);
	has = (whole -> !REVOCATION(ME) : ME.valid && REVOCATION(ME) <= ME.applied);
	invariant(whole || seen >= ME.applied) /* I2 */
}

inline check_generation() {
	invariant(has == !(REVOCATION(ME) && REVOCATION(ME) <= seen));    /* I2 */
	invariant(!(ME.loaded && SAME(ME)) || seen >= ME.applied);        /* I2 */
	invariant(!renews || seen >= ME.due);                             /* I4 */
	invariant(!(ME.loaded && SAME(ME)) || ME.valid || !has);          /* I6 */
	if :: has && told -> reached(R_OLDER) :: else fi;
	if :: !renews && ME.valid && !has -> reached(R_CAUGHT_UP) :: else fi;
	told = (REACH == R_OLDER) && (told || !has)
}

/* The header of a generation: what is applied, and the lease. */
inline publish() {
	ME.applied = seen;
	ME.loaded = 1;
#ifdef CRASH
	ME.from = ME.second;
#endif
#ifdef LATE_T0
	ME.lease = (renews -> L : ME.lease);
#elif defined(CATCHUP_LEASE)
	ME.lease = ME.left;
#elif !defined(STRICT)
	ME.lease = (renews -> ME.left : ME.lease);
#endif
#ifdef FAILOVER
	ME.born = ME.conn;
	if :: ME.conn && ME.lease -> reached(R_MOVED) :: else fi;
#endif
	if :: again && ME.lease -> reached(R_RESTARTED) :: else fi;
	if :: reaped && ME.lease -> reached(R_REGISTERED) :: else fi
}

inline acknowledge(what) {
	if
#ifdef FAILOVER
	/* The revoker may still be reading there. */
	:: ME.known && MINE.there && (PRIMARY(ME.conn) || revoked_on_first) ->
#else
	:: ME.known && MINE.there ->
#endif
		MINE.acked = what;
		invariant(MINE.acked <= ME.applied) /* I3 */
	:: else
	fi
}

active [N] proctype Node() {
	unsigned seen : 2;   /* the head of the snapshot */
	bit has;             /* the token is in it */
	bit whole;           /* everything is loaded, not only what is new */
	bit renews;          /* a round, and not a catch-up */
	bit again, reaped;   /* kept for R_RESTARTED, R_REGISTERED */
N1:
	if
#ifdef STRICT
	/* A round for those requests that are there. It gives no lease. */
	:: d_step { ME.batch = ME.complete; ME.complete = 0; renews = 1; whole = 1; ME.due = COMMITTED }
#else
	:: d_step { renews = 1; ME.left = L; ME.due = COMMITTED }
#endif
#ifdef CATCHUP
	/* Only N3 and N4. The lease stays as it is. */
#ifdef CATCHUP_RELOADS
	:: d_step { ME.loaded && ME.lease -> skip }; goto N3
#elif defined(CATCHUP_LEASE)
	:: d_step { ME.loaded && ME.lease && SAME(ME) -> ME.left = L }; goto N3
#else
	:: d_step { ME.loaded && ME.lease && SAME(ME) -> skip }; goto N3
#endif
#endif
	RECONNECTS(N1)
	RESTARTS
	fi;
#ifdef FETCH_FIRST
	d_step { look() };
#endif
N2:
	if
	:: d_step { PRIMARY(ME.conn) && (!ME.known || MINE.there) -> write_row() }
	:: d_step { PRIMARY(ME.conn) && ME.known && !MINE.there -> forget(); ME.lease = 0; reaped = (REACH == R_REGISTERED) }; goto N1
#ifdef READ_RENEWAL
	:: d_step { ME.known -> ME.written = 1 }
#endif
#ifdef ASYNC_REGISTER
	:: d_step { !PRIMARY(ME.conn) && !ME.known -> ME.known = 1; ME.written = 1 }
#endif
#ifdef DOUBT
	/* It stands on the primary, and the node does not know. */
	:: d_step {
		PRIMARY(ME.conn) && ME.known && MINE.there && !MINE.counting ->
		count_up();
		MINE.counting = 1;
		drop_round()
	   };
	   goto N1
#endif
	RECONNECTS(N2)
	RESTARTS
	fi;
N3:
#ifndef FETCH_FIRST
	if
	:: d_step { look() }
#ifdef SLOTS
	:: d_step { renews -> whole = 1; look() }
#endif
	RECONNECTS(N3)
	RESTARTS
	fi;
#endif
#ifdef ACK_FIRST
	d_step { acknowledge(seen) };
#endif
N4:
	if
#ifndef SLOTS
	:: d_step {
		check_generation();
		ME.valid = has;
		publish();
#ifdef STRICT
#ifdef STRICT_LATE
		if :: ME.batch || ME.complete -> ME.answer = 1 + has; ME.complete = 0 :: else fi;
#else
		if :: ME.batch -> ME.answer = 1 + has :: else fi;
#endif
		ME.batch = 0;
#endif
		drop_round()
	   }
#else
	/* Slots first, then the header. */
#ifdef HEADER_FIRST
	:: d_step { !whole -> check_generation(); publish() };
	   d_step { ME.valid = has; drop_round() }
#else
	:: d_step { !whole -> check_generation(); ME.valid = has };
	   d_step { publish(); drop_round() }
#endif
#ifdef INPLACE
#ifdef REVOKED_SET
	:: d_step { whole -> ME.valid = ME.loaded };
#else
	:: d_step { whole -> ME.valid = 0 };
#endif
	   d_step { ME.valid = has };
	   d_step { publish(); drop_round() }
#else
	/* A new file. This has two, so the last but one must be out of use. */
	:: d_step {
		whole && ME.held != 2 - ME.file ->
		check_generation();
		ME.other = ME.valid;
		ME.file = 1 - ME.file;
		ME.valid = has;
		publish();
		drop_round()
	   }
#endif
#endif
	RECONNECTS(N4)
	RESTARTS
	fi;
#ifndef STRICT
N5:
	if
	:: d_step { acknowledge(ME.applied) }
	RECONNECTS(N5)
	RESTARTS
	fi;
#endif
	goto N1
}

/* ---- a request ---- */

#define ITS node[_pid - N]

inline conclude(accept) {
	if
	:: accept ->
		assert(!late); /* S */
#if defined(STRICT) && !defined(DOUBT)
		invariant(!flipped);
#endif
		if :: flipped -> reached(R_FLIP) :: else fi;
		if :: !begun -> reached(R_ACCEPTED) :: else fi
	:: else ->
		invariant(begun); /* A */
		if :: late -> reached(R_REFUSED) :: else fi;
		refused = REFUSED
	fi
}

inline read_generation() {
	has = ITS.valid;
	ITS.rest = ITS.lease;
	ran = (REACH == R_EXPIRED) && ITS.lease
}

active [ASKED] proctype Verify() {
	bit late;    /* sent after the revoke had returned */
	bit flipped; /* sent after a refusal */
	bit has, over, ran;
#ifdef EARLY_LOOK
	d_step { read_generation() };
#endif
#ifdef CACHED_CLOCK
	/* The time of the loop. If it is inside this lease it is inside every later one. */
	over = !ITS.lease;
#endif
	/* The client sends. */
	d_step { late = returned; flipped = refused };
#ifdef STRICT
V1:
	ITS.complete = 1;
V5:
	d_step { ITS.answer -> conclude(ITS.answer == 2); ITS.answer = 0 }
#else
V1:
#ifdef SLOTS
V2:
	ITS.held = 1 + ITS.file;
#ifdef LOOK_FIRST
	has = (ITS.held == 1 + ITS.file -> ITS.valid : ITS.other);
#endif
	/* A superseded file has the lease it had then: no other than if it had been read then. */
	d_step { ITS.held == 1 + ITS.file -> ITS.rest = ITS.lease };
#elif !defined(EARLY_LOOK)
V2:
	d_step { read_generation() };
#endif
V3:
#ifdef CACHED_CLOCK
	ITS.rest = 0;
#else
	d_step { over = !ITS.rest; ITS.rest = 0 };
#endif
V4:
	if
#ifndef NO_LEASE_CHECK
	:: over -> if :: ran -> reached(R_EXPIRED) :: else fi; goto done
#endif
	:: else
	fi;
V5:
	if
	:: d_step {
#ifdef SLOTS
		if :: ITS.held != 1 + ITS.file -> reached(R_OLD_FILE) :: else fi;
#ifndef LOOK_FIRST
		has = (ITS.held == 1 + ITS.file -> ITS.valid : ITS.other);
#endif
#endif
		conclude(has)
	   }
	fi;
done:
	if
	:: d_step {
#ifdef SLOTS
		ITS.held = 0;
#endif
		late = 0;
		flipped = 0;
		has = 0;
		over = 0;
		ran = 0
	   }
	fi
#endif
}

/* ---- the revoke, and another change ---- */

inline take_number() {
#ifdef SEQGAP
	number++;
#else
	locked = 1;
	number = head + 1;
#endif
	s = number
}

inline commit_change() {
	head = (s > head -> s : head);
	locked = 0
}

inline wait_from_here() {
#ifdef FAILOVER
	revoked_on_first = !epoch;
#endif
	wait_left = WAIT
}

inline return_success() {
	for (k : 0 .. ROWS - 1) {
		row[k].awaited = 0
	}
	k = 0;
	s = 0;
	wait_left = 0;
	returned = 1
}

#define SETTLED(r) (!row[r].awaited || row[r].acked >= s)
#define HEARD(r) (row[r].awaited && row[r].acked >= s)
#ifdef STRICT
#define DONE true
#elif defined(FULL_WAIT)
#define DONE (!epoch && EVERY(SETTLED))
#else
#define DONE EVERY(SETTLED)
#endif

active proctype Revoker() {
	unsigned s : 2;
W:
	if
	:: d_step {
		!locked && PRIMARY(revoker_conn) ->
		begun = 1;
#ifdef EARLY_TC
		wait_from_here();
#endif
		take_number()
	   }
#ifdef FAILOVER
	:: d_step { !PRIMARY(revoker_conn) -> revoker_conn = epoch }; goto W
#endif
	fi;
C:
	if
	:: d_step {
		PRIMARY(revoker_conn) ->
		commit_change();
		revocation = s;
#ifndef ASYNC_REVOKE
		synchronous();
#endif
#ifndef EARLY_TC
		wait_from_here()
#endif
	   }
#ifdef DOUBT
	:: d_step { PRIMARY(revoker_conn) -> commit_change(); revocation = s }; goto repeat
#endif
#ifdef FAILOVER
	:: d_step { !PRIMARY(revoker_conn) -> revoker_conn = epoch; s = 0 }; goto W
#endif
	fi;
K:
	if
	:: d_step { for (k : 0 .. ROWS - 1) { row[k].awaited = row[k].there } k = 0 }
#ifdef FAILOVER
#ifdef SPLIT_CALL
	:: d_step { epoch -> for (k : 0 .. ROWS - 1) { row[k].awaited = row[k].was_there } k = 0 }
#else
	/* It may go on where it has committed. */
	:: d_step { epoch && revoked_on_first -> reached(R_OLD_ROWS); for (k : 0 .. ROWS - 1) { row[k].awaited = row[k].was_there } k = 0 }
#endif
#endif
	fi;
K2:
	if
	:: d_step {
		DONE ->
		if :: SOME(HEARD) && wait_left -> reached(R_ACKS) :: else fi;
		return_success()
	   }
#ifndef NO_WAIT_OUT
	:: d_step { !DONE && !wait_left -> reached(R_WAITED); return_success() }
#endif
	fi;
#ifdef DOUBT
	goto done;
repeat:
	/* Nobody knows whether it stands, so the call is made again. It may find the token revoked. */
	if
	:: d_step {
		PRIMARY(revoker_conn) && revocation ->
		s = revocation;
#ifndef RETRY_READS
		synchronous();
#endif
		reached(R_AGAIN);
		wait_from_here()
	   };
	   goto K
	:: d_step { PRIMARY(revoker_conn) && !revocation -> s = 0 }; goto W
	:: d_step { !PRIMARY(revoker_conn) -> revoker_conn = epoch }; goto repeat
	fi;
done:
	skip
#endif
}

#ifdef WRITER
active proctype Writer() {
	unsigned s : 2;
	bit conn;
W:
	d_step {
		!locked ->
#ifdef FAILOVER
		conn = epoch;
#endif
		take_number()
	};
C:
	if
	:: d_step { PRIMARY(conn) -> commit_change(); s = 0; synchronous() }
#ifdef DOUBT
	:: d_step { PRIMARY(conn) -> commit_change(); s = 0 }
#endif
#ifdef FAILOVER
	:: d_step { !PRIMARY(conn) -> s = 0 }
#endif
	fi
}
#endif

/* ---- the reaper ---- */

#ifdef REAPER
#ifdef EARLY_WATCH
#define LOOK(r) :: d_step { row[r].there -> target = 1 + r; moved = 0; watch_from_here(r) }
#else
#define LOOK(r) :: d_step { row[r].there -> target = 1 + r; watch_left = LW; moved = 0; watch_from_here(r) }
#endif

inline watch_from_here(r) {
#ifdef DOUBT
	/* The standby may have less than what is seen here. A counter that its node counts has been no other's. */
#ifdef OLD_COUNTER
	moved_sure = (row[r].counting -> 2 : 0)
#else
	moved_sure = row[r].counting
#endif
#else
	skip
#endif
}

inline unwatch() {
	target = 0;
	moved = 0;
#ifdef DOUBT
	moved_sure = 0;
#endif
	watch_left = 0
}

active proctype Reaper() {
	unsigned r : 2;
G:
#ifdef EARLY_WATCH
	watch_left = LW;
#endif
	if
	LOOK(0)
#if ROWS > 1
	LOOK(1)
#endif
#if ROWS > 2
	LOOK(2)
#endif
#if ROWS > 3
	LOOK(3)
#endif
	fi;
G2:
	if
	:: d_step { moved || !row[target - 1].there -> unwatch() }; goto G
	:: d_step { !moved && !watch_left -> skip }
	fi;
G3:
	if
	:: d_step {
		r = target - 1;
		if
#ifdef UNGUARDED_REAP
		:: row[r].there ->
#else
		:: row[r].there && !moved ->
#endif
#define OF node[r % N]
			/* I5 */
			invariant(!(OF.lease && LEASE_ROW((r % N)) == r) && !(OF.written && OF.left && R((r % N)) == r));
			if :: row[r].awaited && row[r].acked < revocation -> reached(R_REAPED) :: else fi;
			row[r].there = 0;
			row[r].acked = 0;
			row[r].awaited = 0;
			synchronous()
		:: else -> if :: row[r].there -> reached(R_GUARDED) :: else fi
		fi;
		r = 0;
		unwatch()
	   }
	fi;
	goto G
}
#endif

/* ---- the failover ---- */

#ifdef FAILOVER
/* What the standby does not have may be lost, later changes before earlier ones. So may acknowledgements. */
active proctype Failover() {
	unsigned r : 3;
	atomic {
		old_head = head;
		old_revocation = revocation;
#if defined(DOUBT) || defined(ASYNC_REVOKE)
		do
		:: head > sure ->
			head--;
			reached(R_LOST);
			if :: revocation > head -> revocation = 0 :: else fi
		:: break
		od;
#endif
		do
		:: r < ROWS ->
			row[r].was_there = row[r].there;
			if
#ifdef ASYNC_REGISTER
			:: row[r].soft -> row[r].there = 0; row[r].acked = 0
#endif
			:: row[r].acked -> row[r].acked = 0
			:: row[r].acked <= head
			fi;
			row[r].soft = 0;
			row[r].counting = 0;
			r++
		:: else -> break
		od;
		r = 0;
#if defined(REAPER) && defined(DOUBT)
		if
		:: moved != moved_sure -> moved = moved_sure; reached(R_RECOUNTED)
		:: moved_sure = moved
		fi;
#endif
		sure = head;
		number = head;
		locked = 0;
		epoch = 1
	}
}
#endif

/* ---- the clocks ---- */

#ifndef STRICT
inline tick(c) {
	ahead[c] = 1;
	k = 0;
	do
	:: k < CLOCKS && ahead[k] -> k++
	:: else -> break
	od;
	if
	:: k == CLOCKS -> for (k : 0 .. CLOCKS - 1) { ahead[k] = 0 }
	:: else
	fi;
	k = 0
}

inline tick_node(i) {
	tick(i);
	down(node[i].lease);
	down(node[i].left);
	down(node[i].rest)
}

active proctype Clock() {
	do
	:: d_step { !ahead[0] -> tick_node(0) }
#if N > 1
	:: d_step { !ahead[1] -> tick_node(1) }
#endif
#if N > 2
	:: d_step { !ahead[2] -> tick_node(2) }
#endif
	:: d_step { !ahead[N] -> tick(N); down(wait_left) }
#ifdef REAPER
	:: d_step { !ahead[N + 1] -> tick(N + 1); down(watch_left) }
#endif
	od
}
#endif

#ifdef LIVE
/* If every process gets its turn, a revoke that was begun returns. */
ltl returns { [] (begun -> <> returned) }
#endif
