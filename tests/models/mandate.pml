/* A mandate across a change of cluster (docs/hazards.md, H2).
 *
 * Round 1 is the old cluster's, {0,1,2}. The entry that is chosen in it decides whose round 2 is:
 * the old cluster's, or that of the new one, {0,1,3}. One round is open at a time: nobody proposes
 * in round 2 who does not know what was chosen in round 1. There are two campaigns, at numbers 1
 * and 2, whose promises cover both rounds. Messages are sets that only grow, as in paxos.pml;
 * nobody crashes here.
 *
 * The guard: who proposes in a round needs promises of a quorum of *that round's* cluster, and
 * honours what those report. Promises that are missing may be had later, at the same number.
 *
 * Ways to break it: MANDATE_CARRIED_OVER (a quorum of the old cluster is enough in round 2),
 * LATE_REPORTS_IGNORED (missing promises are asked for, what they report is not looked at).
 * ADDED_ONLY makes the change an addition, {0,1,2,3}: every quorum of it meets every one of the old
 * cluster, so a mandate carried over does no harm there. That is why the change here is a swap.
 *
 * Shortened without loss: everybody promised number 1 before anything else, for such a promise
 * reports nothing; who accepts at a number has promised it, for nobody has to read that promise. An
 * acceptor that promised 2 accepts nothing at 1 any more, so what it reports is what it accepted at
 * 1. */

#define OLD_CLUSTER 7
#ifdef ADDED_ONLY
#define NEW_CLUSTER 15
#else
#define NEW_CLUSTER 11
#endif

#define BIT(a) (1 << (a))
#define HAS(mask, a) (((mask) >> (a)) & 1)
#define COUNT(mask) (HAS(mask, 0) + HAS(mask, 1) + HAS(mask, 2) + HAS(mask, 3))
#define IS_QUORUM(mask, cluster) (2 * COUNT((mask) & (cluster)) > COUNT(cluster))

/* What was sent. Campaign k has number k+1; round r is the r+1st. */
byte promised;              /* Who promised 2. */
byte entry[4];              /* What k proposed in r; 0: nothing. */
byte votes[4];              /* Who accepted it. */
#define AT(k, r) ((k) * 2 + (r))
#define PROMISERS(k) ((k) == 0 -> 15 : promised)

/* What follows from it. */
byte chosen[2];
bool agreement = true;
bool met = false;

/* Each campaign may want two entries in round 1: one that keeps the cluster and one that changes
 * it. */
#define KEEP(k) (2 * (k) + 1)
#define CHANGE(k) (2 * (k) + 2)
#define CHANGES(e) ((e) != 0 && (e) % 2 == 0)
#define CLUSTER_AT(r) ((r) == 1 && CHANGES(chosen[0]) -> NEW_CLUSTER : OLD_CLUSTER)

inline count(k, r) {
  if
  :: !IS_QUORUM(votes[AT(k, r)], CLUSTER_AT(r)) || chosen[r] == entry[AT(k, r)]
  :: else ->
     printf("*** entry %d is chosen in round %d\n", entry[AT(k, r)], r + 1);
     agreement = chosen[r] == 0;
     chosen[r] = entry[AT(k, r)];
     assert(agreement)
  fi
}

#define ACCEPTS(k, r)                                                                       \
  :: d_step {                                                                               \
       entry[AT(k, r)] != 0 && !HAS(votes[AT(k, r)], a) && HAS(promised, a) == k ->      \
       votes[AT(k, r)] = votes[AT(k, r)] | BIT(a);                                          \
       printf("acceptor %d accepts entry %d of campaign %d in round %d\n", a, entry[AT(k, r)],\
              k + 1, r + 1);                                                                \
       count(k, r)                                                                          \
     }

active [4] proctype acceptor() {
#define a _pid
end:
  do
  :: d_step {
       !HAS(promised, a) -> promised = promised | BIT(a);
       printf("acceptor %d promises campaign 2\n", a)
     }
  ACCEPTS(0, 0)
  ACCEPTS(0, 1)
  ACCEPTS(1, 0)
  ACCEPTS(1, 1)
  od
#undef a
}

#ifdef MANDATE_CARRIED_OVER
#define NEEDED_AT(r) OLD_CLUSTER
#else
#define NEEDED_AT(r) CLUSTER_AT(r)
#endif
/* Those of campaign k's promisers who, by what they report for round r, do not bind it. Any quorum
 * of them is one that it may have asked. */
#define FREE(k, r) (k == 0 -> 15 : promised & (~votes[AT(0, r)] | NOT_HEARD))
#ifdef LATE_REPORTS_IGNORED
#define NOT_HEARD 8
#else
#define NOT_HEARD 0
#endif
#define IS_OPEN(k, r) (entry[AT(k, r)] == 0 && (r == 0 || chosen[0] != 0))

#define PROPOSES(r, own)                                                                    \
  :: d_step {                                                                               \
       IS_OPEN(k, r) && IS_QUORUM(FREE(k, r), NEEDED_AT(r)) ->                              \
       entry[AT(k, r)] = own;                                                               \
       printf("campaign %d proposes entry %d in round %d\n", k + 1, own, r + 1)             \
     }
#define PROPOSES_WHAT_BINDS(r)                                                              \
  :: d_step {                                                                               \
       k == 1 && IS_OPEN(k, r) && IS_QUORUM(PROMISERS(k), NEEDED_AT(r)) &&                   \
       (PROMISERS(k) & votes[AT(0, r)]) != 0 ->                                              \
       entry[AT(1, r)] = entry[AT(0, r)];                                                   \
       printf("campaign 2 proposes entry %d in round %d, because it must\n",                 \
              entry[AT(0, r)], r + 1);                                                      \
       REACHES(r)                                                                           \
     }
#ifdef REACH_LATE_REPORT
/* Promised by 0, 2 and 3, of which 3 alone reports the entry that campaign 1 had chosen in round 2.
 * */
#define REACHES(r)                                                                          \
  met = r == 1 && promised == 13 && (votes[AT(0, 1)] & 13) == 8 &&                       \
        CHANGES(chosen[0]);                                                                 \
  assert(!met)
#else
#define REACHES(r) skip
#endif

active [2] proctype campaign() {
#define k (_pid - 4)
end:
  do
  PROPOSES(0, KEEP(k))
  PROPOSES(0, CHANGE(k))
  PROPOSES(1, k + 1)
  PROPOSES_WHAT_BINDS(0)
  PROPOSES_WHAT_BINDS(1)
  od
#undef k
}
