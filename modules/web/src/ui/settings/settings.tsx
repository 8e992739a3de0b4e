// Settings: the list of its places on the left, one of them beside it.
import {
    ArrowLeft,
    ChevronRight,
    Keyboard,
    KeyRound,
    LogOut,
    MonitorSmartphone,
    Palette,
    UserRound,
} from "lucide";
import type { IconNode } from "lucide";
import { useState } from "preact/hooks";
import { leave_anyway, sign_out } from "../../client";
import { t } from "../../i18n/language";
import { me, server, unsent } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { Confirm } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { go, route, settings_places, type SettingsPlace } from "../route";
import { Appearance } from "./appearance";
import { KeyTable } from "./keys";
import { Password } from "./password";
import { Profile } from "./profile";
import { Sessions } from "./sessions";

const icons: Record<SettingsPlace, IconNode> = {
    profile: UserRound,
    sessions: MonitorSmartphone,
    password: KeyRound,
    appearance: Palette,
    keys: Keyboard,
};
const places = {
    profile: Profile,
    sessions: Sessions,
    password: Password,
    appearance: Appearance,
    keys: KeyTable,
};

export default function Settings() {
    const now = route.value;
    const chosen = now.at === "settings" ? now.place : null;
    const place = chosen ?? "profile";
    const Place = places[place];
    return (
        <>
            <nav class="side settings-nav" aria-label={t("settings.title")} data-region tabIndex={-1}>
                <header class="side-head">
                    <h1>{t("settings.title")}</h1>
                </header>
                <Self />
                <ul class="settings-list">
                    {settings_places.map((name) => (
                        <li key={name}>
                            <button
                                type="button"
                                class="settings-item"
                                aria-current={name === place ? "page" : undefined}
                                onClick={() => go({ at: "settings", place: name })}
                            >
                                <Icon node={icons[name]} />
                                <span>{t(`settings.${name}`)}</span>
                                <span class="only-narrow">
                                    <Icon node={ChevronRight} size={16} />
                                </span>
                            </button>
                        </li>
                    ))}
                    <li>
                        <SignOut />
                    </li>
                </ul>
                {server.value && (
                    <p class="settings-version">{t("settings.version", { version: server.value.version })}</p>
                )}
            </nav>
            <main class="place" id="main" tabIndex={-1} data-region>
                <header class="place-head">
                    <button
                        type="button"
                        class="quiet round only-narrow"
                        aria-label={t("common.back")}
                        onClick={() => go({ at: "settings", place: null })}
                    >
                        <Icon node={ArrowLeft} />
                    </button>
                    <h2>{t(`settings.${place}`)}</h2>
                </header>
                <div class="place-body" key={place}>
                    <Place />
                </div>
            </main>
        </>
    );
}

function Self() {
    const user = me.value;
    if (!user) return null;
    return (
        <div class="settings-self">
            <Avatar id={user.id} name={user.nickname} size={48} />
            <div class="settings-self-text">
                <bdi class="strong-text">{user.nickname}</bdi>
                <span class="muted small">@{user.username}</span>
            </div>
        </div>
    );
}

function SignOut() {
    const [asking, ask] = useState(false);
    const [failed, fail] = useState(false);
    const waiting = unsent.value.length;
    const lead = failed
        ? t("settings.sign_out_failed")
        : waiting > 0
          ? `${t("settings.sign_out_lead")} ${t("settings.sign_out_unsent", { n: waiting })}`
          : t("settings.sign_out_lead");
    const close = () => (ask(false), fail(false));
    return (
        <>
            <button type="button" class="settings-item danger" onClick={() => ask(true)}>
                <Icon node={LogOut} />
                <span>{t("settings.sign_out")}</span>
            </button>
            {asking && (
                <Confirm
                    danger
                    title={t("settings.sign_out_sure")}
                    lead={lead}
                    action={t(failed ? "settings.sign_out_anyway" : "settings.sign_out")}
                    on_close={close}
                    on_confirm={() => (failed ? leave_anyway() : void sign_out().catch(() => fail(true)))}
                />
            )}
        </>
    );
}
