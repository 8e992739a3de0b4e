// What one can do with a conversation as a whole, from its menu and from the panel beside it.
import { Bell, BellOff, CheckCheck, Clock, EyeOff, Pin, PinOff } from "lucide";
import { change_settings, mark_read } from "../../client";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { is_muted } from "../../store/state";
import { explain } from "../parts/errors";
import type { Choice } from "../parts/menu";
import { notify } from "../parts/toast";
import { go, route } from "../route";

const hour_ms = 3_600_000;
/** "Until I turn it off": a time that nobody lives to see, since the wire knows only times. */
const for_ever = "2999-12-31T00:00:00.000Z";

async function attempt(row: Held, change: Parameters<typeof change_settings>[1]): Promise<boolean> {
    try {
        await change_settings(row.id, change);
        return true;
    } catch (error) {
        notify(explain(error));
        return false;
    }
}

export const pin = (row: Held, pinned: boolean) => attempt(row, { pinned });
export const unmute = (row: Held) => attempt(row, { muted_until: null });

function mute_for(row: Held, ms: number | null): void {
    void attempt(row, { muted_until: ms === null ? for_ever : new Date(Date.now() + ms).toISOString() });
}

export function mute_spans(row: Held): Choice[] {
    return [
        { label: t("info.mute_hour"), icon: Clock, act: () => mute_for(row, hour_ms) },
        { label: t("info.mute_day"), icon: Clock, act: () => mute_for(row, 24 * hour_ms) },
        { label: t("info.mute_week"), icon: Clock, act: () => mute_for(row, 7 * 24 * hour_ms) },
        { label: t("info.mute_always"), icon: BellOff, act: () => mute_for(row, null) },
    ];
}

export async function hide(row: Held): Promise<void> {
    if (!(await attempt(row, { hidden: true }))) return;
    if (route.value.at === "chat" && route.value.conversation === row.id) go({ at: "home" }, "replace");
    notify(t("list.hidden"), { label: t("list.undo"), act: () => void attempt(row, { hidden: false }) });
}

export function conversation_choices(row: Held): Choice[] {
    const choices: Choice[] = [];
    if (row.unread > 0)
        choices.push({
            label: t("list.mark_read"),
            icon: CheckCheck,
            act: () => mark_read(row.id, row.last_seq, 0),
        });
    choices.push(
        row.settings.pinned
            ? { label: t("list.unpin"), icon: PinOff, act: () => void pin(row, false) }
            : { label: t("list.pin"), icon: Pin, act: () => void pin(row, true) },
    );
    choices.push(
        is_muted(row)
            ? { label: t("list.unmute"), icon: Bell, act: () => void unmute(row) }
            : { label: t("list.mute"), icon: BellOff, act: () => mute_for(row, null) },
    );
    choices.push({ label: t("list.hide"), icon: EyeOff, act: () => void hide(row) });
    return choices;
}
