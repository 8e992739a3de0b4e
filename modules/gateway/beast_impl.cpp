// Compiles Beast's own functions once for the whole binary.
#include <boost/beast/src.hpp>
