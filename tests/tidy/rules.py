"""The tables that tidy.py reads: floors, who may include what, and banned words."""
import re

SHIPPED = ("core/", "decorations/", "examples/")
SKIPPED_FOLDERS = {".git", ".cache", "build", "__pycache__", "third_party"}
TEXT_ENDINGS = (".hpp", ".cpp", ".py", ".md", ".txt", ".cmake", ".in", ".sh", ".json", ".pml",
                "run")

# A floor may include itself and these. tests and bench are no floors.
BELOW = {
    "base": [], "protocol": ["base"], "node": ["base", "protocol"],
    "wire": ["base", "protocol", "node"],
    "journal": ["base", "protocol", "node", "wire"],  # For the bytes of a record.
    "state": ["base", "protocol", "node"],
    "host": ["base", "protocol", "node", "wire", "journal", "state"],
    "simulation": ["base", "protocol", "node", "wire", "journal", "state"],
    "decorations": ["base", "protocol", "node"],
    "testing": ["base", "protocol", "node", "wire", "journal", "state"],
    "examples": ["base", "protocol", "node", "wire", "journal", "state", "host", "simulation",
                 "decorations", "testing"],
}
# The floor of each public header, or of each folder of them, under synod/.
PUBLIC = {
    "base": "bytes check hash limits prng probe probe_names types",
    "protocol": "append cluster entry event message record replica snapshot state_machine voter",
    "node": "append_options communicator decoration file_system memory_storage retry runner runtime"
            " status storage",
    "wire": "checksum wire", "journal": "journal",
    "state": "component component_set guarded_archive outcome_keeper state state_adapter typed_voter",
    "host": "asio_runtime bound_handler in_process_communicator node node_host node_options"
            " posix_file_system tcp_communicator typed_append",
    "simulation": "simulation/", "testing": "testing/", "decorations": "decorations/",
}
FLOOR_OF = {name: floor for floor, names in PUBLIC.items() for name in names.split()}
# Who may include what of others; a std header has neither dot nor slash.
THIRD_PARTY = [
    (r"absl/", "node wire journal state host simulation decorations testing examples"),
    (r"cereal/", "state examples"),
    (r"asio|openssl/", "host examples"),
    (r"isa-l|xxh", "wire journal"),
    (r"gtest/|gmock/", "testing"),
    (r"[\w/]+\.h$", "host examples"),
]
SEEDED = "base protocol node wire journal state simulation decorations"
QUIET = "base protocol node wire journal decorations"
BANNED = [  # pattern, floors that may not hold it, what is wrong
    (r"_clock::now|clock_gettime|gettimeofday|std::time\(|absl::Now|#include <ctime>", SEEDED,
     "reads a clock: time is an argument"),
    (r"random_device|std::mt19937|std::s?rand\(|_distribution\b|#include <random>", SEEDED,
     "draws from something other than Prng"),
    (r"std::(mutex|shared_mutex|recursive_mutex|condition_variable|lock_guard|unique_lock)\b|"
     r"absl::Mutex|#include <(mutex|shared_mutex|condition_variable)>", SEEDED, "uses a mutex"),
    (r"std::(j?thread|this_thread|async|future)\b|pthread_|#include <(thread|future)>", SEEDED,
     "uses a thread"),
    (r"unordered_(map|set)|(flat|node)_hash_(map|set)", "base protocol", "uses a hash container"),
    (r"\bthrow\b(?! *\()", QUIET, "throws"),
    (r"(?<![\w_])assert\(", " ".join(BELOW), "uses assert: SYNOD_CHECK is always on"),
    (r"\bco_(await|return|yield)\b", SEEDED + " host", "uses a coroutine (docs/adr/0007)"),
    (r"SYNOD_(TRACK_LEADERSHIP|DELEGATION|HEARTBEATS|CATCH_UP)", QUIET + " state host",
     "knows a decoration's option: the core serves every subset"),
]
HASHED = re.compile(r"(?:unordered|flat_hash|node_hash)_(?:map|set)<[^;]*>\s+(\w+)\s*[;={]")
EVERYWHERE = [  # in every text file
    (r"[ \t]+$", "trailing white space"), (r"\t", "a tab"),
    (r"(?<![\w.~])/(?:work|home|root|farm)/\w", "a path of somebody's machine"),
    (r"(//|#|\*|<!--) *(TODO|FIXME|XXX)\b(?!\(#\d+\): )|\b(TODO|FIXME) *:", 
     "a TODO without its issue: TODO(#12): Sentence."),
]
