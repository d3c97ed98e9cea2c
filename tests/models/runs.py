"""What is run: each model as it is meant, its broken variants, and states that it must reach.

The states of safe models are pinned: an exact search of the same model finds the same number of
them, and whoever changes a model sees by how much it grew or shrank. docs/models.md explains the
variants.
"""
from typing import NamedTuple, Optional, Tuple

SAFE = "safe"        # The search ended, and nothing was violated.
BROKEN = "broken"    # Two entries were chosen in one round.
REACHED = "reached"  # A state was found that a model must have to be worth anything.


class Run(NamedTuple):
    model: str
    variant: str
    expected: str
    settings: Tuple[str, ...]
    states: Optional[int] = None  # Of a safe one.


def _run(model, variant, expected, settings, states=None):
    return Run(model, variant, expected, tuple(settings.split()), states)


_LAMPORT = "ROUNDS=1 VALUES=2 PREPARES STRICT ATOMIC NO_LEARNING"
_SMALL = "NUMBERS=2 ROUNDS=1 ATOMIC NO_LEARNING"

RUNS = (
    # The first two are Lamport's own specification; TLC finds these numbers of states as well.
    _run("paxos", "Lamport's, 2 numbers", SAFE, "NUMBERS=2 " + _LAMPORT, 3921),
    _run("paxos", "Lamport's, 3 numbers", SAFE, "NUMBERS=3 " + _LAMPORT, 185369),
    _run("paxos", "3 numbers, 1 round", SAFE, "NUMBERS=3 ROUNDS=1 GHOSTS", 282686),
    _run("paxos", "2 numbers, 2 rounds", SAFE, "NUMBERS=2 ROUNDS=2 GHOSTS", 1249190),
    _run("paxos", "3 numbers, 2 rounds", SAFE, "NUMBERS=3 ROUNDS=2 GHOSTS NO_LEARNING SORTED",
         5063442),
    _run("paxos", "an entry is forced", REACHED, "REACH_FORCED"),
    _run("paxos", "a hole below what is chosen", REACHED, "REACH_HOLE"),
    _run("paxos", "rounds at different numbers", REACHED, "REACH_DIFFERENT"),
    _run("paxos", "amnesia", BROKEN, "AMNESIA " + _SMALL),
    _run("paxos", "install forgets", BROKEN, "INSTALL_FORGETS ATOMIC"),
    _run("paxos", "number reused", BROKEN, "NUMBER_REUSED " + _SMALL),
    _run("paxos", "highest ignored", BROKEN, "HIGHEST_IGNORED " + _SMALL),
    _run("paxos", "lowest binds", BROKEN, "LOWEST_BINDS NUMBERS=3 ROUNDS=1 ATOMIC NO_LEARNING"),
    _run("paxos", "empty beats entry", BROKEN, "EMPTY_BEATS_ENTRY " + _SMALL),
    _run("paxos", "vote before durable", BROKEN, "VOTE_BEFORE_DURABLE ROUNDS=1 NO_LEARNING"),
    _run("paxos", "promise before durable", BROKEN, "PROMISE_BEFORE_DURABLE ROUNDS=1 NO_LEARNING"),
    _run("paxos", "speaks for rounds gone", BROKEN, "SPEAKS_FOR_ROUNDS_GONE ROUNDS=1 ATOMIC"),

    _run("mandate", "a member is exchanged", SAFE, "", 296776),
    _run("mandate", "a member is added", SAFE, "ADDED_ONLY", 277604),
    _run("mandate", "added, mandate carried over", SAFE, "ADDED_ONLY MANDATE_CARRIED_OVER", 304976),
    _run("mandate", "a late report binds", REACHED, "REACH_LATE_REPORT"),
    _run("mandate", "mandate carried over", BROKEN, "MANDATE_CARRIED_OVER"),
    _run("mandate", "late reports ignored", BROKEN, "LATE_REPORTS_IGNORED"),

    _run("passivity", "a memory is lost", SAFE, "SORTED", 382495),
    _run("passivity", "two memories", SAFE, "SORTED TWO_MEMORIES", 1527240),
    _run("passivity", "acceptances unchecked", SAFE, "SORTED VOTES_UNCHECKED", 382495),
    _run("passivity", "the new memory votes", REACHED, "SIDES REACH_VOTE_OF_THE_NEW_MEMORY"),
    _run("passivity", "seen a commit", BROKEN, "SIDES SEEN_A_COMMIT"),
    _run("passivity", "seen a commit, as in H1", BROKEN, "SIDES SEEN_A_COMMIT ACCEPTED_NOTHING"),
    _run("passivity", "majority acknowledged", BROKEN, "SIDES MAJORITY_ACKNOWLEDGED"),
    _run("passivity", "majority, as in H1", BROKEN, "SIDES MAJORITY_ACKNOWLEDGED ACCEPTED_NOTHING"),
    _run("passivity", "incarnation unchecked", BROKEN, "SIDES INCARNATION_UNCHECKED"),
    _run("passivity", "promises unchecked", BROKEN, "SIDES PROMISES_UNCHECKED"),
    _run("passivity", "two, acceptances unchecked", BROKEN, "SIDES TWO_MEMORIES VOTES_UNCHECKED"),
    _run("passivity", "binds too early", BROKEN, "SIDES BINDS_TOO_EARLY"),
)
