-- Facts of a job, errors and results are json, not jsonb: jsonb loses the order of fields, and refuses U+0000.
CREATE TABLE job (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('items', 'call_log', 'drift', 'status')),
    about json NOT NULL,
    size integer NOT NULL DEFAULT 0,
    loaded boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    failures integer NOT NULL DEFAULT 0, -- items that had failed when the job last stopped because there were too many
    created timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by uuid NOT NULL -- so that a creation whose answer was lost knows its own row again
);

-- pbx: the address in the form that all its spellings share; leases are for it.
CREATE TABLE target (
    job integer NOT NULL REFERENCES job ON DELETE CASCADE,
    id integer NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    pbx text NOT NULL,
    PRIMARY KEY (job, id),
    UNIQUE (job, name)
);

-- Every target gets every item. Items, shards and outcomes have no reference to their job: 100,000 checks cost more than
-- they give, and each outcome would lock the row of its job.
CREATE TABLE input (
    job integer NOT NULL,
    n integer NOT NULL,
    item bytea NOT NULL,
    PRIMARY KEY (job, n)
);

-- no: the place among the shards of its target. first and last: items, both included. window_start, window_end: of a call log, the end excluded.
CREATE TABLE shard (
    id text PRIMARY KEY,
    job integer NOT NULL,
    target integer NOT NULL,
    no integer NOT NULL,
    first integer,
    last integer,
    window_start timestamptz,
    window_end timestamptz,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'paused', 'done')),
    pauses integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    error json,
    result json,
    done_at timestamptz,
    UNIQUE (job, target, no)
);
CREATE INDEX shard_left ON shard (job, target, no) WHERE state <> 'done';

-- state: the numbers of trunkline.work.state. seq: generation of the lease * 2^32 + a counter; only grows.
CREATE TABLE outcome (
    job integer NOT NULL,
    target integer NOT NULL,
    n integer NOT NULL,
    state smallint NOT NULL,
    attempts integer NOT NULL,
    record bytea,
    seq bigint NOT NULL,
    PRIMARY KEY (job, target, n)
) WITH (fillfactor = 70); -- and no index of states, so that an item's second write finds room beside its first

-- The row stays after the lease has ended, so that its generation only grows.
CREATE TABLE lease (
    pbx text PRIMARY KEY,
    holder uuid NOT NULL,
    generation bigint NOT NULL,
    shard text NOT NULL,
    machine text NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE lane (
    id uuid PRIMARY KEY,
    job integer NOT NULL REFERENCES job ON DELETE CASCADE,
    machine text NOT NULL,
    pid integer NOT NULL,
    engine_run text NOT NULL DEFAULT '',
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX lane_of_job ON lane (job);

CREATE TABLE token (
    server text NOT NULL,
    client_id text NOT NULL,
    saved bytea,
    locked_by uuid,
    locked_until timestamptz,
    PRIMARY KEY (server, client_id)
);

-- What a PBX looked like when its configuration was read last.
CREATE TABLE snapshot (
    pbx text NOT NULL,
    name text NOT NULL,
    taken timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (pbx, name)
);

-- A run of an engine that sees a job through: it starts lanes and waits for the end. Its heartbeat says that it lives.
CREATE TABLE watcher (
    job integer NOT NULL REFERENCES job ON DELETE CASCADE,
    engine text NOT NULL,
    run text NOT NULL,
    lanes integer NOT NULL,
    heartbeat timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job, engine, run)
);

-- When an engine last began to end runs whose process is gone and to start what is missing, so that it does so once at a time.
CREATE TABLE reaper (
    engine text PRIMARY KEY,
    began timestamptz NOT NULL
);
