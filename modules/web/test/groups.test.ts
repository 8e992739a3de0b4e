// Groups: what events do to what is held, the list of members, and the names of people.
import { describe, expect, it } from "vitest";
import type { Conversation, Member, User } from "../src/api/types";
import { apply, apply_message, Touched, type View } from "../src/store/apply";
import { Members, type MembersPage } from "../src/store/members";
import { People, people_max } from "../src/store/people";
import { by_recency } from "../src/store/state";
import { show_typing } from "../src/store/typing";
import { typing } from "../src/store/state";
import { RequestError } from "../src/wire/error";
import type { Belonging } from "../src/wire/frames";
import { conversation, message, user } from "./make";

const group = (more: Partial<Conversation> = {}): Conversation =>
    conversation("g", "", {
        kind: "group",
        title: "Walkers",
        peer: null,
        peer_read_seq: null,
        peer_delivered_seq: null,
        group: { id: "g", role: "member" },
        ...more,
    });

const view = (row: Conversation): View => ({ me: user("1"), conversations: new Map([[row.id, row]]) });

const member = (id: string, role: Member["role"] = "member", minute = Number(id)): Member => ({
    user: user(id),
    role,
    joined_at: new Date(Date.UTC(2026, 0, 1, 9, minute)).toISOString(),
});

const joined = (id: string, first_seq: number | null, role: Member["role"] = "member"): Belonging => ({
    conversation: "g",
    member: member(id, role),
    first_seq,
});

describe("events of a group", () => {
    it("being taken out leaves nothing, and what comes late is not asked for", () => {
        const held = view(group({ last_seq: 3 }));
        const touched = new Touched();
        apply(held, { type: "member.left", data: { conversation: "g", member: { user: user("1") } } }, touched);
        apply_message(held, message("g", 4, "2"), touched);
        expect(held.conversations.size).toBe(0);
        expect([...touched.left]).toEqual([["g", "Walkers"]]);
        expect([...touched.dropped]).toEqual(["g"]);
        expect(touched.unknown.size).toBe(0);
    });
    it("another one leaving changes nothing of one's own", () => {
        const held = view(group());
        const touched = new Touched();
        apply(held, { type: "member.left", data: { conversation: "g", member: { user: user("2") } } }, touched);
        expect(held.conversations.get("g")).toEqual(group());
        expect(touched.left.size).toBe(0);
    });
    it("coming in anew drops what was seen before, by either event", () => {
        for (const change of [
            { type: "member.joined", data: joined("1", 6) } as const,
            { type: "conversation.created", data: group({ first_seq: 6, last_seq: 5 }) } as const,
        ]) {
            const held = view(group({ last_seq: 5, last_message: message("g", 5, "2") }));
            const touched = new Touched();
            apply(held, change, touched);
            expect([...touched.dropped]).toEqual(["g"]);
            expect(held.conversations.get("g")).toMatchObject({ first_seq: 6, last_message: null });
        }
    });
    it("taken out and back in within one batch is being in", () => {
        const held = view(group({ last_seq: 5 }));
        const touched = new Touched();
        apply(held, { type: "member.left", data: { conversation: "g", member: { user: user("1") } } }, touched);
        apply(held, { type: "conversation.created", data: group({ first_seq: 6, last_seq: 5 }) }, touched);
        expect(touched.left.size).toBe(0);
        expect([...touched.dropped]).toEqual(["g"]);
        expect(held.conversations.get("g")?.first_seq).toBe(6);
    });
    it("becoming owner shows in the conversation; what others have read does not", () => {
        const held = view(group({ last_seq: 5 }));
        apply(held, { type: "member.changed", data: joined("1", 1, "owner") }, new Touched());
        apply(held, { type: "conversation.read", data: { conversation: "g", user: "2", seq: 4 } }, new Touched());
        expect(held.conversations.get("g")).toMatchObject({
            group: { id: "g", role: "owner" },
            peer_read_seq: null,
        });
    });
    it("a new title is taken, and the time of arrival stays with later rows", () => {
        const held = view({ ...group(), arrived_at: "2026-01-02T00:00:00.000Z" } as Conversation);
        const data = { id: "g", title: "Runners", avatar: null };
        apply(held, { type: "conversation.updated", data }, new Touched());
        expect(held.conversations.get("g")?.title).toBe("Runners");
        apply(held, { type: "conversation.settings", data: group() }, new Touched());
        const row = held.conversations.get("g")!;
        const older = conversation("d", "2", { last_message: message("d", 1, "2") });
        expect(row.arrived_at).toBe("2026-01-02T00:00:00.000Z");
        expect(by_recency(older, { ...row, arrived_at: "2026-01-03T00:00:00.000Z" })).toBe(1);
    });
});

describe("the members of a group", () => {
    const pages = (all: Member[], size: number) => async (after: string | undefined): Promise<MembersPage> => {
        const from = Number(after ?? 0);
        const next = from + size < all.length ? String(from + size) : null;
        return { items: all.slice(from, from + size), next };
    };
    const ids = (list: Members) => list.items.value.map((one) => one.user.id);

    it("come by pages, each once", async () => {
        const all = [member("9", "owner", 9), ...["1", "2", "3", "4"].map((id) => member(id))];
        const list = new Members("g", pages(all, 2));
        for (let page = 0; page < 5; page++) await list.load_more();
        expect(ids(list)).toEqual(["9", "1", "2", "3", "4"]);
        expect(list.edge.value).toBe("done");
    });
    it("follow events: someone leaves, someone comes, another one owns it", async () => {
        const list = new Members("g", pages([member("1", "owner"), member("2"), member("3")], 9));
        await list.load_more();
        list.note({ type: "member.left", data: { conversation: "g", member: { user: user("1") } } });
        list.note({ type: "member.changed", data: joined("3", 1, "owner") });
        list.note({ type: "member.joined", data: joined("4", 1) });
        expect(ids(list)).toEqual(["3", "2", "4"]);
    });
    it("who leaves while a page is on its way does not come back with it", async () => {
        let give: (page: MembersPage) => void = () => {};
        const list = new Members("g", () => new Promise((done) => (give = done)));
        const loading = list.load_more();
        list.note({ type: "member.left", data: { conversation: "g", member: { user: user("2") } } });
        give({ items: [member("1", "owner"), member("2")], next: null });
        await loading;
        expect(ids(list)).toEqual(["1"]);
    });
    it("a page that fails is tried again from where it stood", async () => {
        let fails = true;
        const good = pages([member("1", "owner"), member("2")], 9);
        const list = new Members("g", async (after) => {
            if (fails) throw new RequestError({ code: "network" });
            return good(after);
        });
        await list.load_more();
        expect(list.edge.value).toBe("failed");
        fails = false;
        await list.load_more();
        expect(ids(list)).toEqual(["1", "2"]);
    });
});

describe("the names of people", () => {
    const settled = async (look: () => boolean) => {
        const deadline = Date.now() + 5_000;
        while (!look() && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
        expect(look()).toBe(true);
    };
    const ask = (answer: (id: string) => User = (id) => user(id)) => {
        const asked: string[] = [];
        const people = new People({
            get: async (id) => (asked.push(id), answer(id)),
            members: async (id) => (asked.push(`members of ${id}`), ["2", "3", "4"].map((one) => user(one))),
            save: () => {},
        });
        return { asked, people };
    };

    it("are asked for once, however often they are looked at", async () => {
        const { asked, people } = ask();
        for (let look = 0; look < 5; look++) expect(people.of("7")).toBeNull();
        await settled(() => people.peek("7") !== null);
        people.of("7");
        expect(people.of("7")?.nickname).toBe("user 7");
        expect(asked).toEqual(["7"]);
    });
    it("of a crowd come by one page of members, and only the others singly", async () => {
        const { asked, people } = ask();
        for (const id of ["2", "3", "4", "8"]) people.of(id, "g");
        await settled(() => people.peek("8") !== null && people.peek("4") !== null);
        expect(asked).toEqual(["members of g", "8"]);
    });
    it("of someone who is not there are not asked for again", async () => {
        const { asked, people } = ask(() => {
            throw new RequestError({ code: "not_found" });
        });
        people.of("7");
        await settled(() => asked.length === 1);
        people.of("7");
        people.of("8");
        await settled(() => asked.length === 2);
        expect(asked).toEqual(["7", "8"]);
    });
    it("kept from before are shown and asked for once more", async () => {
        const { asked, people } = ask((id) => user(id, "new name"));
        people.learn([user("7", "old name")], "storage");
        expect(people.of("7")?.nickname).toBe("old name");
        await settled(() => people.peek("7")?.nickname === "new name");
        expect(asked).toEqual(["7"]);
    });
    it("are held in a bounded number", () => {
        const { people } = ask();
        people.learn(Array.from({ length: people_max + 50 }, (_, at) => user(String(at + 1))));
        expect(people.all().length).toBe(people_max);
        people.learn([user("new")]);
        expect(people.all().length).toBe(people_max);
        expect(people.peek("new")).not.toBeNull();
    });
});

describe("who is writing", () => {
    it("several at once, each until they stop", () => {
        show_typing({ conversation: "g", user: "2", state: "typing" });
        show_typing({ conversation: "g", user: "3", state: "typing" });
        expect([...typing.value.get("g")!.keys()]).toEqual(["2", "3"]);
        show_typing({ conversation: "g", user: "2", state: "none" });
        expect([...typing.value.get("g")!.keys()]).toEqual(["3"]);
        show_typing({ conversation: "g", user: "3", state: "none" });
        expect(typing.value.has("g")).toBe(false);
    });
    it("no more than are worth holding", () => {
        for (let at = 0; at < 100; at++) show_typing({ conversation: "g", user: `${at}`, state: "typing" });
        expect(typing.value.get("g")!.size).toBe(20);
    });
});
