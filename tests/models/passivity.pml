/* A node that lost its memory comes back (docs/hazards.md, H1; docs/protocol.md, Identity).
 *
 * Five nodes B, S, Z, T, P; two campaigns, of B at the lower number and of Z at the higher one; two
 * rounds, one open at a time (concurrency 1). P may lose its memory once, at any moment; then it
 * has a new incarnation, P2. Everybody else remembers. Messages are sets that only grow, as in
 * paxos.pml, so what the old P said may still arrive at any time.
 *
 * The rule: Readmit(P, P1, P2), chosen in round 1, binds from round 2 on. P2 votes only from the
 * round that its readmission binds in, and only once it applied everything before. A promise or an
 * acceptance counts in a round only if the incarnation that gave it is the one in force there.
 *
 * Settings: TWO_MEMORIES (the old memory is not lost but lives on beside the new one: a cloned
 * disk, a process that was thought dead; everything that happens without it can happen with it,
 * too); ACCEPTED_NOTHING (P1 accepts nothing before it is lost, as in the stories of H1).
 *
 * Ways to break it:
 *   SEEN_A_COMMIT          P2 votes in round 2 once it saw a proposal and its commit in round 1;
 *                          nobody asks which P promised or accepted (the first trace of H1).
 *   MAJORITY_ACKNOWLEDGED  P2 votes everywhere once three of the others know of it, outside of the
 *                          log; who knows counts no promise of P1 any more (H1's second trace).
 *   INCARNATION_UNCHECKED  P2 is readmitted by the log, but tallies look at ids alone.
 *   PROMISES_UNCHECKED, VOTES_UNCHECKED   the same in one phase only.
 *   BINDS_TOO_EARLY        two rounds are open at a time, and a readmission binds in the next one:
 *                          of those who vote or count in round 2 some know of it, some do not.
 *
 * Shortened without loss: everybody (P2 later than the others) promised B's number before anything
 * else, for such a promise reports nothing; who accepts at a number has promised it, for nobody has
 * to read that promise. Whoever promised to Z accepts nothing from B any more, so a promise to Z
 * reports what its giver accepted from B. */

#define B 0
#define S 1
#define Z 2
#define T 3
#define P1 4
#define P2 5

#define BIT(a) (1 << (a))
#define HAS(mask, a) (((mask) >> (a)) & 1)
#define LETTER(a) ((a) == B -> 66 : ((a) == S -> 83 : ((a) == Z -> 90 : ((a) == T -> 84 : 80))))
#define MEMORY(a) ((a) == P2 -> 39 : 32)

/* What was sent. Campaign 0 is B's, 1 is Z's; round r is the r+1st. */
byte promised;        /* Who promised to Z. */
bool p2_promised_b;   /* All others did, while they could. */
byte entry[4];        /* What k proposed in r; 0: nothing. */
byte votes[4];        /* Who accepted it. */
#define AT(k, r) ((k) * 2 + (r))
bool lost;            /* P1 is gone; P2 is there. */
byte acknowledged;    /* Who knows of P2, with MAJORITY_ACKNOWLEDGED. */

/* What follows from it. */
byte chosen[2];
bool agreement = true;
bool met = false;

/* --- Who counts ------------------------------------------------------------------------------- */

#define PLAIN(k) (2 * (k) + 1)
#define READMIT(k) (2 * (k) + 2)
#define IS_READMIT(e) ((e) != 0 && (e) % 2 == 0)
#define IS_READMITTED IS_READMIT(chosen[0])
#define OTHERS 15
#define COUNT(mask)                                                                         \
  (HAS(mask, B) + HAS(mask, S) + HAS(mask, Z) + HAS(mask, T) + HAS(mask, P1) + HAS(mask, P2))
#define IS_MAJORITY(mask) (COUNT(mask) >= 3)

/* Whichever P said it. */
#define BY_ID(mask) (((mask) & OTHERS) | ((HAS(mask, P1) || HAS(mask, P2)) -> BIT(P1) : 0))
#define BY_MEMORY(mask, p) ((mask) & (OTHERS | BIT(p)))
/* The incarnation in force in round r. */
#define P_AT(r) ((r) == 1 && IS_READMITTED -> P2 : P1)

#if defined(SEEN_A_COMMIT) || defined(MAJORITY_ACKNOWLEDGED) || defined(INCARNATION_UNCHECKED)
#define PROMISES_UNCHECKED
#define VOTES_UNCHECKED
#endif

#if defined(BINDS_TOO_EARLY)
#define IS_CHECKED_QUORUM(mask, r)                                                          \
  (IS_MAJORITY(BY_MEMORY(mask, P1)) ||                                                      \
   (r == 1 && IS_READMITTED && IS_MAJORITY(BY_MEMORY(mask, P2))))
#else
#define IS_CHECKED_QUORUM(mask, r) IS_MAJORITY(BY_MEMORY(mask, P_AT(r)))
#endif
#ifdef PROMISES_UNCHECKED
#define IS_PHASE1_QUORUM(mask, r) IS_MAJORITY(BY_ID(SPEAKING(mask, r)))
#define COUNTED(mask, r) SPEAKING(mask, r)
#else
#define IS_PHASE1_QUORUM(mask, r) IS_CHECKED_QUORUM(mask, r)
#define COUNTED(mask, r) BY_MEMORY(mask, P_AT(r))
#endif
#ifdef VOTES_UNCHECKED
#define IS_PHASE2_QUORUM(mask, r) IS_MAJORITY(BY_ID(mask))
#else
#define IS_PHASE2_QUORUM(mask, r) IS_CHECKED_QUORUM(mask, r)
#endif
/* A promise of P2 speaks only for what P2 did not apply before it voted. */
#ifdef MAJORITY_ACKNOWLEDGED
#define SPEAKING(mask, r) (mask)
#else
#define SPEAKING(mask, r) ((r) == 0 -> (mask) & ~BIT(P2) : (mask))
#endif

/* From which round on P2 votes. */
#if defined(SEEN_A_COMMIT)
#define MAY_VOTE_AT_2 (chosen[0] != 0)
#define MAY_VOTE_AT_1 false
#elif defined(MAJORITY_ACKNOWLEDGED)
#define MAY_VOTE_AT_2 IS_MAJORITY(acknowledged)
#define MAY_VOTE_AT_1 IS_MAJORITY(acknowledged)
#else
#define MAY_VOTE_AT_2 IS_READMITTED
#define MAY_VOTE_AT_1 false
#endif
#ifdef TWO_MEMORIES
#define P1_IS_THERE true
#else
#define P1_IS_THERE (!lost)
#endif
#define TAKES_PART(a, r)                                                                    \
  ((a) < P1 || ((a) == P1 && P1_IS_THERE) ||                                                      \
   ((a) == P2 && lost && ((r) == 1 -> MAY_VOTE_AT_2 : MAY_VOTE_AT_1)))

/* --- Symmetry -----------------------------------------------------------------------------------
 * As acceptors B, S, Z and T are alike, whatever their letters: with SORTED states that differ by
 * an exchange of theirs are one. With SIDES they stand as in the stories of H1: B and S hear of B
 * alone, Z of Z alone; this is for variants that break. */

#ifdef SORTED
#define KEY(a)                                                                              \
  (16 * HAS(promised, a) + 8 * HAS(votes[0], a) + 4 * HAS(votes[1], a) +                    \
   2 * HAS(votes[2], a) + HAS(votes[3], a))
#define EXCHANGED(mask, x, y) (HAS(mask, x) == HAS(mask, y) -> mask : mask ^ (BIT(x) | BIT(y)))
inline order(x, y) {
  if
  :: KEY(x) < KEY(y) ->
     promised = EXCHANGED(promised, x, y);
     votes[0] = EXCHANGED(votes[0], x, y);
     votes[1] = EXCHANGED(votes[1], x, y);
     votes[2] = EXCHANGED(votes[2], x, y);
     votes[3] = EXCHANGED(votes[3], x, y)
  :: else
  fi
}
#define SORT order(0, 1); order(2, 3); order(0, 2); order(1, 3); order(1, 2)
#else
#define SORT skip
#endif
#ifdef SIDES
#define HEARS(a, k) ((a) >= T || ((a) == Z -> (k) == 1 : (k) == 0))
#else
#define HEARS(a, k) true
#endif

/* --- Nodes ------------------------------------------------------------------------------------ */

inline count(k, r) {
  if
  :: !IS_PHASE2_QUORUM(votes[AT(k, r)], r) || chosen[r] == entry[AT(k, r)]
  :: else ->
     printf("*** entry %d is chosen in round %d\n", entry[AT(k, r)], r + 1);
     agreement = chosen[r] == 0;
     chosen[r] = entry[AT(k, r)];
#ifdef REACH_VOTE_OF_THE_NEW_MEMORY
     met = r == 1 && k == 1 && COUNT(votes[AT(1, 1)]) == 3 && HAS(votes[AT(1, 1)], P2);
     assert(!met);
#endif
     assert(agreement)
  fi
}

#ifdef ACCEPTED_NOTHING
#define MAY_ACCEPT(a) ((a) != P1)
#else
#define MAY_ACCEPT(a) true
#endif
#define ACCEPTS(k, r)                                                                       \
  :: d_step {                                                                               \
       entry[AT(k, r)] != 0 && TAKES_PART(a, r) && !HAS(votes[AT(k, r)], a) &&              \
       HAS(promised, a) == k && (k == 1 || a != P2 || p2_promised_b) &&                          \
       HEARS(a, k) && MAY_ACCEPT(a) ->                                                      \
       votes[AT(k, r)] = votes[AT(k, r)] | BIT(a);                                          \
       printf("%c%c accepts entry %d of %c in round %d\n", LETTER(a), MEMORY(a),            \
              entry[AT(k, r)], LETTER(2 * k), r + 1);                                       \
       count(k, r);                                                                         \
       SORT                                                                                 \
     }

active [6] proctype node() {
#define a _pid
end:
  do
  :: d_step {
       TAKES_PART(a, 1) && HEARS(a, 1) && !HAS(promised, a) -> promised = promised | BIT(a);
       printf("%c%c promises to Z\n", LETTER(a), MEMORY(a));
       SORT
     }
  :: d_step {
       a == P2 && TAKES_PART(a, 1) && !HAS(promised, a) && !p2_promised_b -> p2_promised_b = true;
       printf("P' promises to B\n")
     }
  ACCEPTS(0, 0)
  ACCEPTS(0, 1)
  ACCEPTS(1, 0)
  ACCEPTS(1, 1)
  :: d_step { a == P1 && !lost -> lost = true; printf("P  loses its memory, and is P' now\n") }
#ifdef MAJORITY_ACKNOWLEDGED
  :: d_step {
       a < P1 && lost && !HAS(acknowledged, a) -> acknowledged = acknowledged | BIT(a);
       printf("%c  learns of P'\n", LETTER(a))
     }
#endif
  od
#undef a
}

/* --- Campaigns -------------------------------------------------------------------------------- */

#ifdef MAJORITY_ACKNOWLEDGED
#define BELIEVED(k, mask) (HAS(acknowledged, 2 * (k)) -> (mask) & ~BIT(P1) : (mask))
#else
#define BELIEVED(k, mask) (mask)
#endif
#define TO_B (OTHERS | BIT(P1) | (p2_promised_b -> BIT(P2) : 0))
#define PROMISERS(k) BELIEVED(k, (k == 0 -> TO_B : promised))
/* Those whose reports do not bind round r; any quorum of them is one that the campaign may have
 * asked. */
#define FREE(k, r) BELIEVED(k, (k == 0 -> TO_B : promised & ~votes[AT(0, r)]))
#ifdef BINDS_TOO_EARLY
#define IS_IN_WINDOW(r) true
#else
#define IS_IN_WINDOW(r) (r == 0 || chosen[0] != 0)
#endif
#define IS_OPEN(k, r) (entry[AT(k, r)] == 0 && IS_IN_WINDOW(r))

#define PROPOSES(r, own, unless)                                                            \
  :: d_step {                                                                               \
       IS_OPEN(k, r) && (unless) && IS_PHASE1_QUORUM(FREE(k, r), r) ->           \
       entry[AT(k, r)] = own;                                                               \
       printf("%c  proposes entry %d in round %d\n", LETTER(2 * k), own, r + 1)             \
     }
#define PROPOSES_WHAT_BINDS(r)                                                              \
  :: d_step {                                                                               \
       k == 1 && IS_OPEN(k, r) && IS_PHASE1_QUORUM(PROMISERS(k), r) &&           \
       (COUNTED(PROMISERS(k), r) & votes[AT(0, r)]) != 0 ->   \
       entry[AT(1, r)] = entry[AT(0, r)];                                                   \
       printf("Z  proposes entry %d in round %d, because it must\n", entry[AT(0, r)], r + 1)\
     }

active [2] proctype campaign() {
#define k (_pid - 6)
end:
  do
  PROPOSES(0, PLAIN(k), true)
  PROPOSES(0, READMIT(k), lost)
  PROPOSES(1, k + 1, true)
  PROPOSES_WHAT_BINDS(0)
  PROPOSES_WHAT_BINDS(1)
  od
#undef k
}
