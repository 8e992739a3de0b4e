// What this browser keeps: rows and the cursor, written together in one IndexedDB transaction.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Message, Sync, User } from "../api/types";
import type { Cursor } from "../wire/frames";
import { supersedes, type Held } from "./apply";

export interface Unsent {
    client_id: string;
    conversation: string;
    text: string;
    created_at: string;
    state: "queued" | "sending" | "failed";
    /** The code of the error that stopped it. */
    error?: string;
}

interface Schema extends DBSchema {
    meta: { key: "cursor" | "me"; value: Cursor | User };
    conversations: { key: string; value: Held };
    messages: { key: [string, number]; value: Message };
    outbox: { key: string; value: Unsent };
    drafts: { key: string; value: { conversation: string; text: string } };
    people: { key: string; value: User };
}

export interface Rows {
    cursor: Cursor;
    me: User;
    conversations: Held[];
    outbox: Unsent[];
    drafts: { conversation: string; text: string }[];
    people: User[];
}

/** The rows that a batch of events changed, as they are after it. */
export interface Batch {
    /** The position before the batch: what is kept must have come at least as far, or rows would be missing. */
    from: number;
    cursor: Cursor;
    me: User | null;
    conversations: Held[];
    messages: Message[];
    dropped: Iterable<string>;
    /** Groups that one is no longer in. */
    left: Iterable<string>;
}

export const database_name = "kith";
const version = 2;
const stores = ["meta", "conversations", "messages", "outbox", "drafts", "people"] as const;
/** A write that throws would leave what went before it to be committed: all of it or nothing. */
async function whole(
    tx: { abort(): void; done: Promise<void> },
    work: (write: (one: Promise<unknown>) => void) => unknown,
): Promise<void> {
    try {
        // A write that fails fails the transaction, which is what is waited for.
        await work((one) => void one.catch(() => {}));
    } catch (error) {
        tx.done.catch(() => {});
        try {
            tx.abort();
        } catch {
            // It was over already.
        }
        throw error;
    }
    await tx.done;
}

const messages_kept_max = 30_000;
const messages_kept_each = 500;
const people_kept_max = 2_000;

function all_of(conversation: string): IDBKeyRange {
    return IDBKeyRange.bound([conversation, 0], [conversation, Number.MAX_SAFE_INTEGER]);
}

/**
 * Every method is safe to call when storage is refused or broken: then nothing is kept, and nothing fails.
 */
export class Database {
    #db: IDBPDatabase<Schema> | null = null;

    get open(): boolean {
        return this.#db !== null;
    }

    async start(): Promise<void> {
        if (this.#db || typeof indexedDB === "undefined") return;
        try {
            this.#db = await openDB<Schema>(database_name, version, {
                upgrade(db, before) {
                    if (before < 2) db.createObjectStore("people", { keyPath: "id" });
                    if (before >= 1) return;
                    db.createObjectStore("meta");
                    db.createObjectStore("conversations", { keyPath: "id" });
                    db.createObjectStore("messages", { keyPath: ["conversation", "seq"] });
                    db.createObjectStore("outbox", { keyPath: "client_id" });
                    db.createObjectStore("drafts", { keyPath: "conversation" });
                },
                blocking: () => this.stop(),
                terminated: () => (this.#db = null),
            });
        } catch {
            this.#db = null;
        }
    }

    stop(): void {
        this.#db?.close();
        this.#db = null;
    }

    /** One reading of rows and cursor that belong together, or null when there is nothing whole. */
    async load(): Promise<Rows | null> {
        return this.#guard(null, async (db) => {
            const tx = db.transaction(["meta", "conversations", "outbox", "drafts", "people"]);
            const [cursor, me, conversations, outbox, drafts, people] = await Promise.all([
                tx.objectStore("meta").get("cursor") as Promise<Cursor | undefined>,
                tx.objectStore("meta").get("me") as Promise<User | undefined>,
                tx.objectStore("conversations").getAll(),
                tx.objectStore("outbox").getAll(),
                tx.objectStore("drafts").getAll(),
                tx.objectStore("people").getAll(),
            ]);
            return cursor && me ? { cursor, me, conversations, outbox, drafts, people } : null;
        });
    }

    /**
     * Writes a batch unless another tab has already been further: then the rows that are there are newer than
     * ours. Nor when what is kept is behind the batch, as after another tab's reset: that tab has the rest.
     */
    async commit(batch: Batch): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction(["meta", "conversations", "messages"], "readwrite");
            await whole(tx, async (write) => {
                const held = (await tx.objectStore("meta").get("cursor")) as Cursor | undefined;
                if (!held || held.epoch !== batch.cursor.epoch) return;
                if (held.pos >= batch.cursor.pos || held.pos < batch.from) return;
                for (const id of batch.dropped) write(tx.objectStore("messages").delete(all_of(id)));
                for (const id of batch.left) write(tx.objectStore("conversations").delete(id));
                for (const row of batch.conversations) write(tx.objectStore("conversations").put(row));
                for (const message of batch.messages) write(tx.objectStore("messages").put(message));
                if (batch.me) write(tx.objectStore("meta").put(batch.me, "me"));
                write(tx.objectStore("meta").put(batch.cursor, "cursor"));
            });
        });
    }

    /** Replaces everything but what was never sent by a fresh snapshot. */
    async reset(sync: Sync): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction(["meta", "conversations", "messages"], "readwrite");
            await whole(tx, (write) => {
                write(tx.objectStore("conversations").clear());
                write(tx.objectStore("messages").clear());
                for (const row of sync.conversations) write(tx.objectStore("conversations").put(row));
                write(tx.objectStore("meta").put(sync.me, "me"));
                write(tx.objectStore("meta").put({ epoch: sync.epoch, pos: sync.pos }, "cursor"));
            });
        });
    }

    /** Keeps a page of history; a row that is already here and newer stays. */
    async keep(messages: Message[]): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction("messages", "readwrite");
            await whole(tx, async (write) => {
                for (const message of messages) {
                    const held = await tx.store.get([message.conversation, message.seq]);
                    if (!held || supersedes(message, held)) write(tx.store.put(message));
                }
            });
        });
    }

    /**
     * Keeps conversations learnt of without an event. Where another tab is further than `cursor` only those
     * that are missing: its rows are newer, and no event would bring back what is overwritten.
     */
    async keep_conversations(rows: Held[], cursor: Cursor): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction(["meta", "conversations"], "readwrite");
            await whole(tx, async (write) => {
                const held = (await tx.objectStore("meta").get("cursor")) as Cursor | undefined;
                if (held?.epoch !== cursor.epoch) return;
                const store = tx.objectStore("conversations");
                for (const row of rows)
                    if (held.pos <= cursor.pos || !(await store.get(row.id))) write(store.put(row));
            });
        });
    }

    async messages(conversation: string, from: number, to: number): Promise<Message[]> {
        return this.#guard([], (db) =>
            db.getAll("messages", IDBKeyRange.bound([conversation, from], [conversation, to])),
        );
    }

    async save_unsent(unsent: Unsent): Promise<void> {
        return this.#guard(undefined, async (db) => void (await db.put("outbox", unsent)));
    }

    async remove_unsent(client_id: string): Promise<void> {
        return this.#guard(undefined, (db) => db.delete("outbox", client_id));
    }

    async unsent(): Promise<Unsent[]> {
        return this.#guard([], (db) => db.getAll("outbox"));
    }

    async save_draft(conversation: string, text: string): Promise<void> {
        return this.#guard(undefined, async (db) => void (await db.put("drafts", { conversation, text })));
    }

    async remove_draft(conversation: string): Promise<void> {
        return this.#guard(undefined, (db) => db.delete("drafts", conversation));
    }

    /** Names that were asked for; beyond the bound they are gathered anew. */
    async keep_people(people: User[]): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction("people", "readwrite");
            await whole(tx, async (write) => {
                if ((await tx.store.count()) + people.length > people_kept_max) write(tx.store.clear());
                for (const user of people) write(tx.store.put(user));
            });
        });
    }

    /** A group that one has left leaves nothing here. */
    async remove_conversation(id: string): Promise<void> {
        return this.#guard(undefined, async (db) => {
            const tx = db.transaction(["conversations", "messages"], "readwrite");
            await whole(tx, (write) => {
                write(tx.objectStore("conversations").delete(id));
                write(tx.objectStore("messages").delete(all_of(id)));
            });
        });
    }

    /** Old messages are a cache: beyond the bound only the newest of each conversation stay. */
    async prune(conversations: Iterable<Held>): Promise<void> {
        return this.#guard(undefined, async (db) => {
            if ((await db.count("messages")) <= messages_kept_max) return;
            const tx = db.transaction("messages", "readwrite");
            const deleted: Promise<void>[] = [];
            for (const row of conversations) {
                const until = row.last_seq - messages_kept_each;
                if (until > 0) deleted.push(tx.store.delete(IDBKeyRange.bound([row.id, 0], [row.id, until])));
            }
            await Promise.all([...deleted, tx.done]);
        });
    }

    /** Empties first, so that nothing stays even when another tab still holds the database open. */
    async wipe(): Promise<void> {
        await this.start();
        await this.#guard(undefined, async (db) => {
            const tx = db.transaction(stores, "readwrite");
            await Promise.all([...stores.map((name) => tx.objectStore(name).clear()), tx.done]);
        });
        this.stop();
        if (typeof indexedDB !== "undefined")
            await deleteDB(database_name, { blocked: () => {} }).catch(() => {});
    }

    async #guard<T>(otherwise: T, work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
        if (!this.#db) return otherwise;
        try {
            return await work(this.#db);
        } catch (error) {
            // A full or vanished storage must not stop the chat. Nothing more is written by this page: a
            // later batch after a lost one would move the cursor over a gap, while what is there now can be
            // resumed from.
            console.warn("kith: storage failed", error);
            this.stop();
            return otherwise;
        }
    }
}
