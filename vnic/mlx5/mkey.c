// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory keys: creation, destruction, and what a query tells.
 *
 * A key is its index << 8 and a byte that the driver chooses. Its context says what kind it
 * is; those with a table have it here, as the driver wrote it: translations of 8 bytes, or
 * other keys, 16 bytes each. The driver may make a key free and fill it later by a work
 * request.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/slots.h"
#include "mlx5.h"

#define ENTRIES_PER_OCTOWORD 2u

struct mlx5_mkey *mlx5_mkey_get(struct mlx5 *mlx5, uint32_t index)
{
	return index < 1u << LOG_MAX_MKEY && mlx5->mkey[index].used ? &mlx5->mkey[index] : NULL;
}

/*
 * A key that was made free or destroyed is not one any more, unless a fault switch has ignored
 * that, and still does.
 */
struct mlx5_mkey *mlx5_mkey_usable(struct mlx5 *mlx5, uint32_t index)
{
	struct mlx5_mkey *mkey = index < 1u << LOG_MAX_MKEY ? &mlx5->mkey[index] : NULL;

	if (!mkey || !(mkey->used || mkey->freed_ns) || mlx5_get(mkey->ctx, MKC_FREE) ||
	    (mkey->freed_ns && !mlx5_fault(&mlx5->nic->fault)->ignore_dereg))
		return NULL;
	return mkey;
}

static struct mlx5_mkey *find_slot(struct mlx5 *mlx5)
{
	uint32_t n = SLOTS_FIND(mlx5->mkey, FIRST_MKEY, &mlx5->last_mkey);

	return n ? &mlx5->mkey[n] : NULL;
}

bool mlx5_mkey_free(const struct mlx5_mkey *mkey)
{
	return mkey->freed_ns || mlx5_get(mkey->ctx, MKC_FREE);
}

enum mlx5_key_mode mlx5_mkey_mode(const uint8_t ctx[MKC_SIZE])
{
	return (enum mlx5_key_mode)(mlx5_get(ctx, MKC_MODE_HIGH) << 2 |
				    mlx5_get(ctx, MKC_MODE_LOW));
}

bool mlx5_mkey_refers(const struct mlx5_mkey *mkey)
{
	enum mlx5_key_mode mode = mlx5_mkey_mode(mkey->ctx);

	return mode == MODE_KLM || mode == MODE_KSM;
}

static enum mlx5_status check(struct mlx5 *mlx5, const struct mlx5_cmd *cmd, uint64_t entries)
{
	const uint8_t *ctx = cmd->in + MKC;

	if (mlx5_mkey_mode(ctx) > MODE_KSM)
		return ST_BAD_PARAM;
	if (!mlx5_get(ctx, MKC_FREE) &&
	    !mlx5_number_live(mlx5, NUMBER_PD, (uint32_t)mlx5_get(ctx, MKC_PD)))
		return ST_BAD_PARAM;
	if (entries > MAX_KEY_ENTRIES || entries > MAX_ALL_ENTRIES - mlx5->entries)
		return ST_EXCEED_LIMIT;
	return ST_OK;
}

/*
 * What of the table comes with the command; the driver may round its length up. Translations
 * without rights of their own are there to be read and written.
 */
static enum mlx5_status read_table(const struct mlx5_cmd *cmd, uint64_t *entry, uint64_t size)
{
	uint64_t given = mlx5_get(cmd->in, MKEY_ACTUAL) * ENTRIES_PER_OCTOWORD;
	bool rights = mlx5_mkey_mode(cmd->in + MKC) != MODE_MTT ||
		      mlx5_get(cmd->in, MKEY_PG_ACCESS);
	uint64_t flags = rights ? 0 : MTT_READABLE | MTT_WRITABLE;

	if (given > (cmd->in_len - IN_PAGES) / sizeof(*entry))
		return ST_BAD_INPUT_LENGTH;
	for (uint64_t i = 0; i < given && i < size; i++)
		entry[i] = mlx5_get64(cmd->in + IN_PAGES + i * sizeof(*entry)) | flags;
	return ST_OK;
}

static void drop(struct mlx5 *mlx5, struct mlx5_mkey *mkey)
{
	mlx5->entries -= mkey->nr_entries;
	free(mkey->entry);
	*mkey = (struct mlx5_mkey){ 0 };
}

enum mlx5_status mlx5_create_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const uint8_t *ctx = cmd->in + MKC;
	uint64_t entries = mlx5_mkey_mode(ctx) == MODE_PHYSICAL ? 0 :
			   mlx5_get(ctx, MKC_OCTOWORDS) * ENTRIES_PER_OCTOWORD;
	struct mlx5_mkey mkey = { .used = true, .nr_entries = (uint32_t)entries }, *slot;
	enum mlx5_status status = check(mlx5, cmd, entries);

	if (status)
		return status;
	slot = find_slot(mlx5);
	if (!slot)
		return ST_NO_RESOURCES;
	if (entries) {
		mkey.entry = calloc(entries, sizeof(*mkey.entry));
		if (!mkey.entry)
			return ST_NO_RESOURCES;
		status = read_table(cmd, mkey.entry, entries);
	}
	if (status) {
		free(mkey.entry);
		return status;
	}
	memcpy(mkey.ctx, ctx, MKC_SIZE);
	drop(mlx5, slot);		/* what a fault switch has kept there */
	*slot = mkey;
	mlx5->entries += mkey.nr_entries;
	mlx5_set(cmd->out, OUT_OBJECT, slot - mlx5->mkey);
	return ST_OK;
}

enum mlx5_status mlx5_destroy_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_mkey *mkey = mlx5_mkey_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!mkey)
		return ST_BAD_RESOURCE;
	if (mlx5_fault(&mlx5->nic->fault)->ignore_dereg) {
		mkey->used = false;
		mkey->freed_ns = clock_now_ns();
	} else {
		drop(mlx5, mkey);
	}
	return ST_OK;
}

enum mlx5_status mlx5_query_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	const struct mlx5_mkey *mkey = mlx5_mkey_get(mlx5, (uint32_t)mlx5_get(cmd->in, IN_OBJECT));

	if (!mkey)
		return ST_BAD_RESOURCE;
	memcpy(cmd->out + MKC, mkey->ctx, MKC_SIZE);
	/* which keys it refers to, as far as there is room */
	for (uint32_t i = 0, at = MKEY_TABLE; mlx5_mkey_refers(mkey) && i < mkey->nr_entries &&
	     at + sizeof(uint64_t) <= cmd->out_len; i++, at += sizeof(uint64_t))
		mlx5_put64(cmd->out + at, mkey->entry[i]);
	return ST_OK;
}

void mlx5_mkey_forget(struct mlx5 *mlx5)
{
	for (uint32_t n = 0; n < 1u << LOG_MAX_MKEY; n++)
		if (mlx5->mkey[n].used || mlx5->mkey[n].freed_ns)
			drop(mlx5, &mlx5->mkey[n]);
}
