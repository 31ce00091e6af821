/* SPDX-License-Identifier: MIT */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * siphash - 64 bits for some bytes and a secret, by SipHash-2-4.
 *
 * For tables of what others name: who does not know the secret cannot find names that meet in one
 * place, however many he may choose.
 */
#define SIPHASH_SECRET_BYTES 16

uint64_t siphash(const uint8_t secret[SIPHASH_SECRET_BYTES], const void *bytes, size_t n);

#endif
