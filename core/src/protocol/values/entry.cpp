#include <synod/entry.hpp>

namespace synod {

Payload encode(const Readmit& readmit) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.varint(readmit.node.value());
  out.u64(readmit.expected.value());
  out.u64(readmit.incarnation.value());
  return Payload::copy_of(bytes);
}

bool decode(const Payload& payload, Readmit& readmit) {
  ByteReader in(payload.bytes());
  Readmit read;
  read.node = NodeId(in.varint());
  read.expected = Incarnation(in.u64());
  read.incarnation = Incarnation(in.u64());
  if (!in.done()) return false;
  readmit = read;
  return true;
}

}  // namespace synod
