// A conversation: its head, its messages, where one writes, and what there is to know about it.
import { ArrowLeft, PanelRight } from "lucide";
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { watched } from "../../client";
import { ago, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { conversations, loaded, presence_of, typing } from "../../store/state";
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
    const presence = presence_of(row);
    if (presence === null) return "";
    if (presence === "online") return t("chat.online");
    const seen = row.peer?.last_seen;
    return seen ? t("chat.last_seen", { when: ago(seen, now.value) }) : t("chat.offline");
}

/** Where the focus was when the panel was opened by hand, to go back to. */
let opened_from: Element | null = null;

function toggle_info(): void {
    opened_from = info_open.value ? null : document.activeElement;
    info_open.value = !info_open.value;
}

/** The panel takes the focus when it is opened by hand, and gives it back when it closes. */
export function use_info_focus(panel: { current: HTMLElement | null }): void {
    useLayoutEffect(() => {
        const element = panel.current;
        const back = opened_from;
        opened_from = null;
        if (back) element?.focus({ preventScroll: true });
        return () => {
            if (!element?.contains(document.activeElement)) return;
            if (back instanceof HTMLElement && back.isConnected) back.focus();
            else document.querySelector<HTMLElement>("[data-info-toggle]")?.focus();
        };
    }, []);
}

function Head({ row }: { row: Held }) {
    const writing = typing.value.has(row.id);
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
                    presence={presence_of(row)}
                />
                <div class="chat-who-text">
                    <h1>
                        <button
                            type="button"
                            class="chat-name"
                            onClick={toggle_info}
                            aria-expanded={info_open.value}
                        >
                            <bdi>{row.title}</bdi>
                        </button>
                    </h1>
                    <span class={`chat-state${state}`}>
                        {writing ? t("chat.typing_short") : presence_text(row)}
                    </span>
                    {/* Read out is that someone writes, and not each minute since they were here. */}
                    <span class="unseen" role="status">
                        {writing ? t("chat.typing_short") : ""}
                    </span>
                </div>
            </div>
            <button
                type="button"
                class="quiet round"
                aria-label={t("chat.info")}
                title={t("chat.info")}
                aria-pressed={info_open.value}
                data-info-toggle
                onClick={toggle_info}
            >
                <Icon node={PanelRight} />
            </button>
        </header>
    );
}
