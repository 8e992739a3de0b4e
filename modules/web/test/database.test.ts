// Storage: rows and cursor in one transaction, tabs that do not undo each other, reset, wipe.
import { openDB } from "idb";
import { beforeEach, describe, expect, it } from "vitest";
import { Database, database_name, type Batch } from "../src/store/database";
import { conversation, message, user } from "./make";

let database: Database;

beforeEach(async () => {
    database = new Database();
    await database.wipe();
    await database.start();
    await database.reset({ epoch: "e", pos: 10, me: user("1"), conversations: [conversation("c2", "2")] });
});

function batch(pos: number, text: string, epoch = "e"): Batch {
    return {
        from: 10,
        cursor: { epoch, pos },
        me: null,
        conversations: [conversation("c2", "2", { last_seq: 1, title: text })],
        messages: [message("c2", 1, "2", { pos, body: { text } })],
        dropped: [],
    left: [],
    };
}

describe("database", () => {
    it("moves rows and cursor together", async () => {
        await database.commit(batch(11, "eleven"));
        const rows = await database.load();
        expect(rows).toMatchObject({
            cursor: { epoch: "e", pos: 11 },
            me: { id: "1" },
            conversations: [{ title: "eleven" }],
        });
        expect(await database.messages("c2", 1, 9)).toMatchObject([{ body: { text: "eleven" } }]);
    });
    it("a tab that is behind does not overwrite what one ahead has written", async () => {
        await database.commit(batch(12, "twelve"));
        await database.commit(batch(11, "eleven"));
        expect(await database.load()).toMatchObject({
            cursor: { pos: 12 },
            conversations: [{ title: "twelve" }],
        });
    });
    it("a tab of another epoch writes nothing", async () => {
        await database.commit(batch(99, "old epoch", "d"));
        expect(await database.load()).toMatchObject({ cursor: { epoch: "e", pos: 10 } });
    });
    it("a batch that does not join what is kept is left to the tab that has the rest", async () => {
        await database.commit({ ...batch(12, "twelve"), from: 11 });
        expect(await database.load()).toMatchObject({ cursor: { pos: 10 }, conversations: [{ title: "user 2" }] });
        await database.commit(batch(12, "twelve"));
        await database.commit({ ...batch(13, "thirteen"), from: 12 });
        expect(await database.load()).toMatchObject({ cursor: { pos: 13 } });
    });
    it("an answer to a tab that is behind overwrites no row, and adds what is missing", async () => {
        await database.commit(batch(12, "twelve"));
        const answers = [conversation("c2", "2", { title: "old" }), conversation("c3", "3", { title: "new" })];
        await database.keep_conversations(answers, { epoch: "e", pos: 11 });
        const titles = async () => (await database.load())?.conversations.map((row) => row.title);
        expect(await titles()).toEqual(["twelve", "new"]);
        await database.keep_conversations([conversation("c2", "2", { title: "now" })], { epoch: "e", pos: 12 });
        expect(await titles()).toEqual(["now", "new"]);
    });
    it("a transaction that fails leaves neither rows nor cursor", async () => {
        const broken = batch(11, "eleven");
        broken.messages.push({ seq: 2 } as never);
        await database.commit(broken);
        // Nor may a later batch move the cursor over the one that was lost.
        await database.commit(batch(12, "twelve"));
        const fresh = new Database();
        await fresh.start();
        expect(await fresh.load()).toMatchObject({
            cursor: { pos: 10 },
            conversations: [{ title: "user 2" }],
        });
        expect(await fresh.messages("c2", 1, 9)).toEqual([]);
        fresh.stop();
    });
    it("a page of history does not undo a recall", async () => {
        await database.commit({
            ...batch(11, ""),
            messages: [message("c2", 1, "2", { body: null, recalled_at: "2026-01-03T00:00:00.000Z" })],
        });
        await database.keep([message("c2", 1, "2"), message("c2", 2, "2")]);
        expect((await database.messages("c2", 1, 9)).map((one) => one.body)).toEqual([
            null,
            { text: "text 2" },
        ]);
    });
    it("a reset keeps what was never sent, and nothing else", async () => {
        await database.save_unsent({
            client_id: "x",
            conversation: "c2",
            text: "waits",
            created_at: "",
            state: "queued",
        });
        await database.commit(batch(11, "eleven"));
        await database.reset({ epoch: "f", pos: 3, me: user("1"), conversations: [] });
        expect(await database.load()).toMatchObject({
            cursor: { epoch: "f", pos: 3 },
            conversations: [],
            outbox: [{ client_id: "x" }],
        });
        expect(await database.messages("c2", 1, 9)).toEqual([]);
    });
    it("a wipe leaves nothing, also for a tab that still has it open", async () => {
        const other = new Database();
        await other.start();
        await database.commit(batch(11, "eleven"));
        await database.wipe();
        expect(await other.load()).toBeNull();
        const fresh = new Database();
        await fresh.start();
        expect(await fresh.load()).toBeNull();
        expect(await fresh.messages("c2", 1, 9)).toEqual([]);
    });
    it("drops the rows of a conversation whose first message moved", async () => {
        await database.commit(batch(11, "eleven"));
        await database.commit({ ...batch(12, ""), messages: [], dropped: ["c2"] });
        expect(await database.messages("c2", 1, 9)).toEqual([]);
    });

    it("a group that one has left goes with its messages, in the transaction that moves the cursor", async () => {
        await database.commit({ ...batch(11, "here") });
        await database.commit({
            ...batch(12, "gone"),
            from: 11,
            conversations: [],
            messages: [],
            dropped: ["c2"],
            left: ["c2"],
        });
        const rows = await database.load();
        expect(rows?.cursor.pos).toBe(12);
        expect(rows?.conversations).toEqual([]);
        expect(await database.messages("c2", 0, 99)).toEqual([]);
    });

    it("one that was left by an answer goes too, and the others stay", async () => {
        await database.commit({ ...batch(11, "here") });
        await database.keep([message("c3", 1, "3")]);
        await database.remove_conversation("c2");
        expect((await database.load())?.conversations).toEqual([]);
        expect(await database.messages("c2", 0, 99)).toEqual([]);
        expect(await database.messages("c3", 0, 99)).toHaveLength(1);
    });

    it("keeps names in a bounded number", async () => {
        await database.keep_people(Array.from({ length: 1_900 }, (_, at) => user(String(at + 1))));
        await database.keep_people([user("5", "new name")]);
        const people = (await database.load())!.people;
        expect(people).toHaveLength(1_900);
        expect(people.find((one) => one.id === "5")?.nickname).toBe("new name");
        await database.keep_people(Array.from({ length: 200 }, (_, at) => user(String(at + 5_000))));
        expect((await database.load())!.people).toHaveLength(200);
    });

    it("a browser that kept rows before names were kept goes on with them", async () => {
        await database.wipe();
        const old = await openDB(database_name, 1, {
            upgrade(db) {
                for (const name of ["meta", "conversations", "messages", "outbox", "drafts"])
                    db.createObjectStore(name);
            },
        });
        await old.put("meta", { epoch: "e", pos: 7 }, "cursor");
        await old.put("meta", user("1"), "me");
        old.close();
        await database.start();
        expect((await database.load())?.cursor).toEqual({ epoch: "e", pos: 7 });
        await database.keep_people([user("5")]);
        expect((await database.load())?.people).toHaveLength(1);
    });
});
