// The panel beside a conversation: who the other one is, and how I want to have this conversation.
import { BellOff, EyeOff, X } from "lucide";
import { useRef } from "preact/hooks";
import { hide, mute_spans, pin, unmute } from "../list/actions";
import { day_and_clock, day_of, t } from "../../i18n/language";
import type { User } from "../../api/types";
import type { Held } from "../../store/apply";
import { is_muted } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { now } from "../parts/clock";
import { Switch } from "../parts/field";
import { Icon } from "../parts/icon";
import { open_menu } from "../parts/menu";
import { Text } from "../parts/text";
import { lazy } from "../parts/lazy";
import { presence_text } from "./chat";
import { close_side, use_side_focus } from "./side";

const GroupPanel = lazy(() => import("../group/panel"));

const for_ever_year = 2900;

export function muted_text(until: string): string {
    return new Date(until).getUTCFullYear() >= for_ever_year
        ? t("info.muted_always")
        : t("info.muted_until", { when: day_and_clock(until) });
}

export function Info({ row }: { row: Held }) {
    const panel = useRef<HTMLElement>(null);
    use_side_focus(panel);
    const options = <Options row={row} />;
    return (
        <aside class="info" ref={panel} aria-label={t("chat.info")} tabIndex={-1} data-region>
            <header class="info-head">
                <h2>{t("info.title")}</h2>
                <button type="button" class="quiet round" aria-label={t("chat.info_close")} onClick={close_side}>
                    <Icon node={X} />
                </button>
            </header>
            {row.group ? (
                <GroupPanel key={row.first_seq} row={row} options={options} />
            ) : (
                <Person row={row} />
            )}
        </aside>
    );
}

function Person({ row }: { row: Held }) {
    return (
        <div class="info-body">
            <div class="info-who">
                <Avatar id={row.peer?.id ?? row.id} name={row.title} size={96} />
                <bdi class="info-name">{row.title}</bdi>
                <span class="muted">{presence_text(row)}</span>
            </div>
            {row.peer?.username && <Facts peer={row.peer} />}
            <h3>{t("info.options")}</h3>
            <Options row={row} />
        </div>
    );
}

function Facts({ peer }: { peer: User }) {
    return (
        <dl class="facts">
            <div>
                <dt>{t("info.username")}</dt>
                <dd>@{peer.username}</dd>
            </div>
            {peer.bio && (
                <div>
                    <dt>{t("info.bio")}</dt>
                    <dd>
                        <Text text={peer.bio} />
                    </dd>
                </div>
            )}
            <div>
                <dt>{t("info.joined")}</dt>
                <dd>{day_of(peer.created_at)}</dd>
            </div>
        </dl>
    );
}

function Options({ row }: { row: Held }) {
    const muted = is_muted(row, now.value);
    const change_mute = (anchor: Element) => {
        if (muted) void unmute(row);
        else open_menu(null, anchor, t("info.mute"), mute_spans(row));
    };
    return (
        <div class="options">
            <Switch label={t("info.pin")} on={row.settings.pinned} on_change={(on) => void pin(row, on)} />
            <button type="button" class="option" onClick={(event) => change_mute(event.currentTarget)}>
                <Icon node={BellOff} />
                <span class="option-text">
                    <span>{t(muted ? "info.unmute" : "info.mute")}</span>
                    {muted && <span class="field-hint">{muted_text(row.settings.muted_until!)}</span>}
                </span>
            </button>
            <button type="button" class="option" onClick={() => void hide(row)}>
                <Icon node={EyeOff} />
                <span class="option-text">
                    <span>{t("info.hide")}</span>
                    <span class="field-hint">{t("info.hide_hint")}</span>
                </span>
            </button>
        </div>
    );
}
