// Frames that are changed on their way.
#pragma once

#include <synod/bytes.hpp>
#include <synod/prng.hpp>

namespace synod::simulation {

// Changes `frame` in one of several ways: flips bits, overwrites a run, cuts it, adds to it or
// doubles a piece. With `mended` both checksums hold afterwards, so that the decoder has to look
// after itself.
void mutate_frame(Prng& prng, bool mended, Bytes& frame);

}  // namespace synod::simulation
