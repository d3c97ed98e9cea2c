/* Multi-round Paxos among three acceptors: what is chosen once stays chosen.
 *
 * Messages are sets that only grow, so each may be lost (nobody reads it), repeated, delayed for
 * ever and overtaken. Prepare is not even a message, but with PREPARES: it says nothing that a node
 * may not guess. Campaign k has the number NUMBER(k), its own, and wants its own entry k+1 in every
 * round: rules that never look into an entry break with some choice of entries only if they break
 * with this one.
 *
 * A record is written (`writing`), then durable, then its message is in the set: the one rule
 * (docs/protocol.md, invariant 7). One record at a time is enough, because nothing leaves a node
 * that depends on a record which is not durable yet. A crash loses what is being written.
 *
 * Shortened without loss (not with STRICT): everybody promised the lowest number before anything
 * else, for such a promise reports nothing; who accepts at a number has promised it, for nobody has
 * to read that promise.
 *
 * Settings: NUMBERS, ROUNDS; VALUES=2 instead of each campaign's own entry; PREPARES; STRICT (an
 * acceptor promises no number again that it holds already); ATOMIC (writing takes no time);
 * NO_LEARNING; SORTED; GHOSTS (checks more than agreement, for models that are meant to be safe).
 *
 * Ways to break it: AMNESIA, INSTALL_FORGETS, NUMBER_REUSED, HIGHEST_IGNORED, LOWEST_BINDS,
 * EMPTY_BEATS_ENTRY, VOTE_BEFORE_DURABLE, PROMISE_BEFORE_DURABLE, SPEAKS_FOR_ROUNDS_GONE. States
 * that it must be able to reach: REACH_…. See runs.py and docs/models.md. */

#ifndef NUMBERS
#define NUMBERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define ACCEPTORS 3

#ifdef NUMBER_REUSED
#define NUMBER(k) 1
#else
#define NUMBER(k) ((k) + 1)
#endif

#ifdef STRICT
#define PROMISED_FIRST 0
#else
#define PROMISED_FIRST 1
#endif

#define BIT(a) (1 << (a))
#define HAS(mask, a) (((mask) >> (a)) & 1)
#define IS_QUORUM(mask) ((mask) == 3 || (mask) >= 5)
#define AT(k, r) ((k) * ROUNDS + (r))
#define REPORT(k, a, r) reported[((k) * ACCEPTORS + (a)) * ROUNDS + (r)]
#define ACCEPTED(a, r) accepted[(a) * ROUNDS + (r)]

/* What was sent. An entry, an acceptance and a report name a campaign as k+1; 0 is none. */
bool prepared[NUMBERS];
byte promised_for[NUMBERS * ROUNDS];            /* Who promised k, and speaks for round r. */
byte reported[NUMBERS * ACCEPTORS * ROUNDS];    /* At whose number the promiser had accepted. */
byte entry[NUMBERS * ROUNDS];                   /* What k proposed in r. */
byte votes[NUMBERS * ROUNDS];                   /* Who accepted it. */

/* What acceptors hold durably, and the record that each is writing. */
byte promise[ACCEPTORS] = PROMISED_FIRST;
byte accepted[ACCEPTORS * ROUNDS];
byte applied[ACCEPTORS];                        /* So many rounds; their acceptances are dropped. */
byte writing[ACCEPTORS];
#define NOTHING 0
#define PROMISE_OF(k) ((k) + 1)
#define VOTE_OF(k, r) (NUMBERS + AT(k, r) + 1)

/* What follows from the sets. */
byte chosen[ROUNDS];
bool agreement = true;
bool ghosts = true;
bool met = false;
bool wiped = false;

/* Scratch, 0 between any two steps. */
byte forced;
byte i;
byte record;
#define CLEAR i = 0; forced = 0; record = 0

/* --- Messages --------------------------------------------------------------------------------- */

inline send_promise(a, k) {
  i = 0;
  do
  :: i < ROUNDS ->
     if
#ifdef SPEAKS_FOR_ROUNDS_GONE
     :: true ->
#else
     :: i >= applied[a] ->
#endif
        promised_for[AT(k, i)] = promised_for[AT(k, i)] | BIT(a);
        REPORT(k, a, i) = ACCEPTED(a, i)
     :: else
     fi;
     i++
  :: else -> break
  od;
  printf("acceptor %d promises campaign %d, speaks from round %d\n", a, k + 1, applied[a] + 1)
}

/* Invariant 2, as the messages show it: who votes at k after promising more has reported
 * that vote. */
inline check_vote(a, k, r) {
#ifdef GHOSTS
  i = k + 1;
  do
  :: i < NUMBERS ->
     if
     :: HAS(promised_for[AT(i, r)], a) && REPORT(i, a, r) < k + 1 -> ghosts = false
     :: else
     fi;
     i++
  :: else -> break
  od;
  assert(ghosts)
#else
  skip
#endif
}

inline send_vote(a, k, r) {
  check_vote(a, k, r);
  votes[AT(k, r)] = votes[AT(k, r)] | BIT(a);
  printf("acceptor %d accepts entry %d of campaign %d in round %d\n", a, entry[AT(k, r)], k + 1,
         r + 1);
  if
  :: IS_QUORUM(votes[AT(k, r)]) && chosen[r] == 0 ->
     chosen[r] = entry[AT(k, r)];
     printf("*** entry %d is chosen in round %d\n", chosen[r], r + 1)
  :: IS_QUORUM(votes[AT(k, r)]) && chosen[r] != entry[AT(k, r)] && chosen[r] != 0 ->
     agreement = false;
     printf("*** entry %d is chosen in round %d as well\n", entry[AT(k, r)], r + 1)
  :: else
  fi;
  assert(agreement)
}

/* --- Symmetry -----------------------------------------------------------------------------------
 * Acceptors are alike: with SORTED states that differ by an exchange of theirs are one. */

#ifdef SORTED
#define EXCHANGED(mask, x, y) (HAS(mask, x) == HAS(mask, y) -> mask : mask ^ (BIT(x) | BIT(y)))
#define VOTED(a, k) (HAS(votes[AT(k, 0)], a) + 2 * HAS(votes[AT(k, ROUNDS - 1)], a))
#define PROMISED(a, k) HAS(promised_for[AT(k, ROUNDS - 1)], a)
#define KEY(a)                                                                              \
  (((((promise[a] * 16 + writing[a]) * 4 + VOTED(a, 0)) * 4 + VOTED(a, 1)) * 4 +            \
    VOTED(a, NUMBERS - 1)) * 4 + PROMISED(a, 1) + 2 * PROMISED(a, NUMBERS - 1))
inline exchange(one, another) {
  record = one; one = another; another = record
}
inline order(x, y) {
  if
  :: KEY(x) < KEY(y) ->
     exchange(promise[x], promise[y]);
     exchange(writing[x], writing[y]);
     exchange(applied[x], applied[y]);
     i = 0;
     do
     :: i < NUMBERS * ROUNDS ->
        votes[i] = EXCHANGED(votes[i], x, y);
        promised_for[i] = EXCHANGED(promised_for[i], x, y);
        exchange(REPORT(i / ROUNDS, x, i % ROUNDS), REPORT(i / ROUNDS, y, i % ROUNDS));
        if
        :: i < ROUNDS -> exchange(ACCEPTED(x, i), ACCEPTED(y, i))
        :: else
        fi;
        i++
     :: else -> break
     od
  :: else
  fi
}
#define SORT order(0, 1); order(1, 2); order(0, 1)
#else
#define SORT skip
#endif

/* --- Acceptors -------------------------------------------------------------------------------- */

/* The record is durable: what it says holds, and its message leaves. */
inline finish(a, it) {
  if
  :: it <= NUMBERS ->
     promise[a] = NUMBER(it - 1);
#ifndef PROMISE_BEFORE_DURABLE
     send_promise(a, it - 1)
#endif
  :: else ->
     promise[a] = NUMBER((it - NUMBERS - 1) / ROUNDS);
     ACCEPTED(a, (it - NUMBERS - 1) % ROUNDS) = (it - NUMBERS - 1) / ROUNDS + 1;
#ifndef VOTE_BEFORE_DURABLE
     send_vote(a, (it - NUMBERS - 1) / ROUNDS, (it - NUMBERS - 1) % ROUNDS)
#endif
  fi
}

inline begin(a, it) {
#ifdef ATOMIC
  record = it;
  finish(a, record)
#else
  writing[a] = it
#endif
}

#ifdef STRICT
#define MAY_PROMISE(a, k) (NUMBER(k) > promise[a])
#else
#define MAY_PROMISE(a, k) (NUMBER(k) >= promise[a])
#endif
#ifdef PREPARES
#define IS_PREPARED(k) prepared[k]
#else
#define IS_PREPARED(k) true
#endif

#define PROMISES(k)                                                                         \
  :: d_step {                                                                               \
       writing[a] == NOTHING && IS_PREPARED(k) && MAY_PROMISE(a, k) &&                      \
       !HAS(promised_for[AT(k, ROUNDS - 1)], a) ->                                          \
       begin(a, PROMISE_OF(k)); EARLY_PROMISE(a, k); SORT; CLEAR                            \
     }
#define ACCEPTS(k, r)                                                                       \
  :: d_step {                                                                               \
       writing[a] == NOTHING && entry[AT(k, r)] != 0 && NUMBER(k) >= promise[a] &&          \
       HAS_PROMISED(a, k) &&                                                                \
       ACCEPTED(a, r) != k + 1 && r >= applied[a] ->                                        \
       begin(a, VOTE_OF(k, r)); EARLY_VOTE(a, k, r); SORT; CLEAR                            \
     }
/* Applies round r, by a commit or by a snapshot, and drops its acceptance. */
#define LEARNS(r)                                                                           \
  :: d_step {                                                                               \
       applied[a] == r && chosen[r] != 0 && writing[a] == NOTHING ->                        \
       applied[a] = r + 1; ACCEPTED(a, r) = 0; FORGET(a);                                   \
       printf("acceptor %d applies round %d\n", a, r + 1);                                    \
       SORT; CLEAR                                                                          \
     }

#ifdef STRICT
#define HAS_PROMISED(a, k) true
#else
#define HAS_PROMISED(a, k) (NUMBER(k) == promise[a])
#endif
#ifdef PROMISE_BEFORE_DURABLE
#define EARLY_PROMISE(a, k) send_promise(a, k)
#else
#define EARLY_PROMISE(a, k) skip
#endif
#ifdef VOTE_BEFORE_DURABLE
#define EARLY_VOTE(a, k, r) send_vote(a, k, r)
#else
#define EARLY_VOTE(a, k, r) skip
#endif
#ifdef INSTALL_FORGETS
#define FORGET(a) ACCEPTED(a, 0) = 0; ACCEPTED(a, ROUNDS - 1) = 0
#else
#define FORGET(a) skip
#endif

active [ACCEPTORS] proctype acceptor() {
#define a _pid
end:
  do
#ifdef STRICT
  PROMISES(0)
#endif
  PROMISES(1)
  ACCEPTS(0, 0)
  ACCEPTS(1, 0)
#if NUMBERS > 2
  PROMISES(2)
  ACCEPTS(2, 0)
#endif
#if ROUNDS > 1
  ACCEPTS(0, 1)
  ACCEPTS(1, 1)
#if NUMBERS > 2
  ACCEPTS(2, 1)
#endif
#endif
#ifndef NO_LEARNING
  LEARNS(0)
#if ROUNDS > 1
  LEARNS(1)
#endif
#endif
#ifndef ATOMIC
  :: d_step {
       writing[a] != NOTHING -> record = writing[a]; writing[a] = NOTHING; finish(a, record); SORT;
       CLEAR
     }
  :: d_step {
       writing[a] != NOTHING -> writing[a] = NOTHING;
       printf("acceptor %d crashes, and loses what it was writing\n", a);
       SORT; CLEAR
     }
#endif
#ifdef AMNESIA
  :: d_step {
       !wiped -> wiped = true; writing[a] = NOTHING; promise[a] = PROMISED_FIRST; applied[a] = 0;
       ACCEPTED(a, 0) = 0; ACCEPTED(a, ROUNDS - 1) = 0;
       printf("acceptor %d loses its memory, and goes on\n", a)
     }
#endif
  od
#undef a
}

/* --- Campaigns -------------------------------------------------------------------------------- */

#define REPORT_IN(q, a) (HAS(q, a) -> REPORT(k, a, r) : 0)
#define LARGER(x, y) ((x) > (y) -> (x) : (y))

/* What the quorum q of promisers reports at the highest number in round r; 0 where nothing binds.
 * */
inline find_forced(k, r, q) {
#ifdef HIGHEST_IGNORED
  forced = 0
#else
  forced = LARGER(REPORT_IN(q, 0), LARGER(REPORT_IN(q, 1), REPORT_IN(q, 2)));
#ifdef LOWEST_BINDS
  i = 0;
  do
  :: i < ACCEPTORS ->
     if
     :: HAS(q, i) && REPORT(k, i, r) != 0 && REPORT(k, i, r) < forced -> forced = REPORT(k, i, r)
     :: else
     fi;
     i++
  :: else -> break
  od
#endif
#ifdef EMPTY_BEATS_ENTRY
  i = 0;
  do
  :: i < ACCEPTORS ->
     if
     :: HAS(q, i) && REPORT(k, i, r) == 0 -> forced = 0; break
     :: else
     fi;
     i++
  :: else -> break
  od
#endif
#endif
}

inline check_proposal(k, r) {
  skip;
#ifdef GHOSTS
  i = 0;
  do
  :: i < k ->
     if
     :: IS_QUORUM(votes[AT(i, r)]) && entry[AT(i, r)] != entry[AT(k, r)] -> ghosts = false
     :: else
     fi;
     i++
  :: else -> break
  od;
  assert(ghosts)
#endif
#ifdef REACH_FORCED
  met = met || (k == NUMBERS - 1 && forced == 1);
  assert(!met)
#endif
#ifdef REACH_HOLE
  met = met || (r == 0 && chosen[ROUNDS - 1] != 0 && chosen[0] == 0 && forced == 0 &&
                        chosen[ROUNDS - 1] < k + 1);
  assert(!met)
#endif
#ifdef REACH_DIFFERENT
  met = met || (chosen[0] == 2 && chosen[ROUNDS - 1] == 1);
  assert(!met)
#endif
}

inline propose(k, r, q, wanted) {
  find_forced(k, r, q);
  entry[AT(k, r)] = (forced != 0 -> entry[AT(forced - 1, r)] : wanted);
  check_proposal(k, r);
  printf("campaign %d, number %d, proposes entry %d in round %d by quorum %d\n", k + 1, NUMBER(k),
       entry[AT(k, r)], r + 1, q)
}

#define PROPOSES_ONE(r, q, wanted)                                                          \
  :: d_step {                                                                               \
       entry[AT(k, r)] == 0 && (PROMISERS(k, r) & q) == q ->                                \
       propose(k, r, q, wanted); CLEAR                                                      \
     }
#ifdef VALUES
#define PROPOSES(r, q) PROPOSES_ONE(r, q, 1) PROPOSES_ONE(r, q, 2)
#else
#define PROPOSES(r, q) PROPOSES_ONE(r, q, k + 1)
#endif
#ifdef NUMBER_REUSED
/* Promises name a number, not a life of its owner: both campaigns have all of them. */
#define PROMISERS(k, r) (promised_for[AT(0, r)] | promised_for[AT(1, r)])
#else
#define PROMISERS(k, r) (promised_for[AT(k, r)] | (PROMISED_FIRST > k -> 7 : 0))
#endif

active [NUMBERS] proctype campaign() {
#define k (_pid - ACCEPTORS)
end:
  do
#ifdef PREPARES
  :: d_step { !prepared[k] -> prepared[k] = true }
#endif
  PROPOSES(0, 3)
  PROPOSES(0, 5)
  PROPOSES(0, 6)
#if ROUNDS > 1
  PROPOSES(1, 3)
  PROPOSES(1, 5)
  PROPOSES(1, 6)
#endif
  od
#undef k
}
