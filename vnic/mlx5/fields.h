/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The device is big endian, and its structures are described in bits: bit 0 is the most
 * significant one of byte 0. A field is FIELD(position, width), both in bits; wire.h has
 * their names.
 */
#ifndef VNIC_MLX5_FIELDS_H
#define VNIC_MLX5_FIELDS_H

#include <stdint.h>

#define FIELD(bit, width)	((bit) << 8 | (width))	/* width is 1 to 64 */

static inline uint64_t mlx5_get(const void *base, unsigned int field)
{
	unsigned int bit = field >> 8, width = field & 0xff;
	const uint8_t *byte = base;
	uint64_t value = 0;

	for (; width; bit++, width--)
		value = value << 1 | (byte[bit / 8] >> (7 - bit % 8) & 1);
	return value;
}

static inline void mlx5_set(void *base, unsigned int field, uint64_t value)
{
	unsigned int bit = field >> 8, width = field & 0xff;
	uint8_t *byte = base;

	while (width--) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (value >> width & 1)
			byte[bit / 8] |= mask;
		else
			byte[bit / 8] &= (uint8_t)~mask;
		bit++;
	}
}

/* Whole integers, by their offset in bytes; they need not be aligned. */

static inline uint16_t mlx5_get16(const void *at)
{
	const uint8_t *b = at;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t mlx5_get32(const void *at)
{
	const uint8_t *b = at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t mlx5_get64(const void *at)
{
	return (uint64_t)mlx5_get32(at) << 32 | mlx5_get32((const uint8_t *)at + 4);
}

static inline void mlx5_put16(void *at, uint16_t value)
{
	uint8_t *b = at;

	b[0] = (uint8_t)(value >> 8);
	b[1] = (uint8_t)value;
}

static inline void mlx5_put32(void *at, uint32_t value)
{
	mlx5_put16(at, (uint16_t)(value >> 16));
	mlx5_put16((uint8_t *)at + 2, (uint16_t)value);
}

static inline void mlx5_put64(void *at, uint64_t value)
{
	mlx5_put32(at, (uint32_t)(value >> 32));
	mlx5_put32((uint8_t *)at + 4, (uint32_t)value);
}

#endif /* VNIC_MLX5_FIELDS_H */
