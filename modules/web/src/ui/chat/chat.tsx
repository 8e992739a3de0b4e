// A conversation: its head, its messages, where one writes, and what there is to know about it.
import { ArrowLeft, PanelRight, Search } from "lucide";
import { useEffect } from "preact/hooks";
import { watched } from "../../client";
import { load_group } from "../../groups";
import { ago, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { connection, conversations, departed, groups, loaded, presence_of } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { now } from "../parts/clock";
import { Icon } from "../parts/icon";
import { lazy } from "../parts/lazy";
import { go, leaps } from "../route";
import { Composer } from "./composer";
import { Info } from "./info";
import { writing_text } from "./names";
import { side, toggle_side } from "./side";
import { Timeline } from "./timeline";

const SearchPanel = lazy(() => import("../search/panel"));

export function Chat({ id, seq }: { id: string; seq?: number }) {
    const row = conversations.value.get(id);
    useEffect(() => {
        const look = () =>
            (watched.value = document.visibilityState === "visible" && document.hasFocus() ? id : null);
        look();
        addEventListener("focus", look);
        addEventListener("blur", look);
        document.addEventListener("visibilitychange", look);
        return () => {
            watched.value = null;
            removeEventListener("focus", look);
            removeEventListener("blur", look);
            document.removeEventListener("visibilitychange", look);
        };
    }, [id]);
    const group = row?.group?.id;
    const live = connection.value.state === "live";
    useEffect(() => {
        if (group && live) void load_group(group);
    }, [group, live]);
    if (!row) return loaded.value ? <Missing title={departed.value.get(id)} /> : <main class="chat" id="main" aria-busy="true" />;
    return (
        <>
            <main class="chat" id="main" tabIndex={-1}>
                <Head row={row} />
                <Timeline
                    key={`t${id}/${row.first_seq}/${seq ?? ""}/${seq === undefined ? 0 : leaps.value}`}
                    row={row}
                    seq={seq}
                />
                <Composer key={`w${id}`} row={row} />
            </main>
            {side.value === "info" && <Info key={id} row={row} />}
            {side.value === "search" && <SearchPanel key={id} row={row} />}
        </>
    );
}

/** What was here is not to be seen: it never was, or one is no longer in the group that is named. */
function Missing({ title }: { title?: string }) {
    return (
        <main class="chat empty" id="main" tabIndex={-1}>
            {title === undefined ? (
                <p>{t("chat.missing")}</p>
            ) : (
                <div role="status">
                    <h1>{t("group.left_title", { name: title })}</h1>
                    <p class="muted">{t("group.left_lead")}</p>
                </div>
            )}
            <button type="button" class="plain" onClick={() => go({ at: "home" }, "replace")}>
                {t("chat.to_list")}
            </button>
        </main>
    );
}

/** What is known of where the other one is, in words. */
export function presence_text(row: Held): string {
    const presence = presence_of(row);
    if (presence === null) return "";
    if (presence === "online") return t("chat.online");
    const seen = row.peer?.last_seen;
    return seen ? t("chat.last_seen", { when: ago(seen, now.value) }) : t("chat.offline");
}

/** What stands under the name: who is writing, else where the other one is or how many are in the group. */
function state_text(row: Held): string {
    if (row.kind === "direct") return presence_text(row);
    const count = groups.value.get(row.id)?.member_count;
    return count === undefined ? "" : t("group.members", { n: count });
}

function Head({ row }: { row: Held }) {
    const writing = writing_text(row, false);
    const state = writing ? " writing" : presence_of(row) === "online" ? " online" : "";
    return (
        <header class="chat-head">
            <button
                type="button"
                class="quiet round only-narrow"
                aria-label={t("chat.to_list")}
                onClick={() => go({ at: "home" })}
            >
                <Icon node={ArrowLeft} />
            </button>
            <div class="chat-who">
                <Avatar
                    id={row.peer?.id ?? row.id}
                    name={row.title}
                    size={40}
                    group={row.kind === "group"}
                    presence={presence_of(row)}
                />
                <div class="chat-who-text">
                    <h1>
                        <button
                            type="button"
                            class="chat-name"
                            onClick={() => toggle_side("info")}
                            aria-expanded={side.value === "info"}
                        >
                            <bdi>{row.title}</bdi>
                        </button>
                    </h1>
                    <span class={`chat-state${state}`}>{writing || state_text(row)}</span>
                    {/* Read out is that someone writes, and not each minute since they were here. */}
                    <span class="unseen" role="status">
                        {writing}
                    </span>
                </div>
            </div>
            <button
                type="button"
                class="quiet round"
                aria-label={t("search.here")}
                title={t("search.here")}
                aria-pressed={side.value === "search"}
                onClick={() => toggle_side("search")}
            >
                <Icon node={Search} />
            </button>
            <button
                type="button"
                class="quiet round"
                aria-label={t("chat.info")}
                title={t("chat.info")}
                aria-pressed={side.value === "info"}
                data-side-toggle
                onClick={() => toggle_side("info")}
            >
                <Icon node={PanelRight} />
            </button>
        </header>
    );
}
