/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels share, and the ones for AVX2 and FMA. */
#ifndef QUIVER_VISION_KERNELS_AVX2_H
#define QUIVER_VISION_KERNELS_AVX2_H

#include "kernels.h"

extern const float kernel_prefilter_taps[KERNEL_PREFILTER_REACH + 1];
/** One coefficient near an end. */
float kernel_prefilter_one(const float *in, uint32_t i, uint32_t width);

/** NULL when this processor, or this build, has no AVX2. */
const struct kernels *kernels_avx2(void);

#endif
