// A conversation: its head, its messages, where one writes, and what there is to know about it.
import { ArrowLeft, PanelRight } from "lucide";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { watched } from "../../client";
import { ago, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { conversations, loaded, typing } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { now } from "../parts/clock";
import { Icon } from "../parts/icon";
import { go } from "../route";
import { Composer } from "./composer";
import { Info } from "./info";
import { Timeline } from "./timeline";

export const info_open = signal(false);

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
    if (!row) return loaded.value ? <Missing /> : <main class="chat" id="main" aria-busy="true" />;
    return (
        <>
            <main class="chat" id="main" tabIndex={-1}>
                <Head row={row} />
                <Timeline key={`t${id}/${seq ?? ""}`} row={row} seq={seq} />
                <Composer key={`w${id}`} row={row} />
            </main>
            {info_open.value && <Info key={id} row={row} />}
        </>
    );
}

function Missing() {
    return (
        <main class="chat empty" id="main">
            <p>{t("chat.missing")}</p>
            <button type="button" class="plain" onClick={() => go({ at: "home" }, "replace")}>
                {t("chat.to_list")}
            </button>
        </main>
    );
}

/** What is known of where the other one is, in words. */
export function presence_text(row: Held): string {
    const peer = row.peer;
    if (!peer || peer.presence === null) return "";
    if (peer.presence === "online") return t("chat.online");
    return peer.last_seen ? t("chat.last_seen", { when: ago(peer.last_seen, now.value) }) : t("chat.offline");
}

function Head({ row }: { row: Held }) {
    const writing = typing.value.has(row.id);
    const toggle = () => (info_open.value = !info_open.value);
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
            <button type="button" class="chat-who" onClick={toggle} aria-expanded={info_open.value}>
                <Avatar
                    id={row.peer?.id ?? row.id}
                    name={row.title}
                    size={40}
                    presence={row.peer?.presence}
                />
                <span class="chat-who-text">
                    <h1>
                        <bdi>{row.title}</bdi>
                    </h1>
                    <span
                        class={
                            writing
                                ? "chat-state writing"
                                : row.peer?.presence === "online"
                                  ? "chat-state online"
                                  : "chat-state"
                        }
                        aria-live="polite"
                    >
                        {writing ? t("chat.typing_short") : presence_text(row)}
                    </span>
                </span>
            </button>
            <button
                type="button"
                class="quiet round"
                aria-label={t("chat.info")}
                title={t("chat.info")}
                aria-pressed={info_open.value}
                onClick={toggle}
            >
                <Icon node={PanelRight} />
            </button>
        </header>
    );
}
