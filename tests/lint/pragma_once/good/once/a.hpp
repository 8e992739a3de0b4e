// A header of ours
/* with more
   to say */

#pragma once
#ifdef NDEBUG
#define A 1
#endif
