/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), to fix a plan before its first day.
 *
 * Our own, because what is hashed is public: there is no secret whose timing could leak, and a library would cost every start of
 * the program more than all the hashing it will ever do. Tests hold it to the standard's vectors and to coreutils.
 */
#ifndef QUIVER_NOF1_SHA256_H
#define QUIVER_NOF1_SHA256_H

#include <stddef.h>

#define SHA256_HEX_BYTES 65

/* The digest of bytes as 64 small hexadecimal digits and a 0. */
void sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX_BYTES]);

#endif
