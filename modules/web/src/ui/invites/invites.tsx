// The invites of this server that I may see: make, hand on, revoke.
import { ArrowLeft, Copy, Plus, QrCode, Trash2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { Invite } from "../../api/types";
import { day_and_clock, t } from "../../i18n/language";
import { code_of } from "../../wire/error";
import { request } from "../../wire/http";
import { copy } from "../parts/clipboard";
import { now } from "../parts/clock";
import { Confirm, Dialog } from "../parts/dialog";
import { explain } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { Icon } from "../parts/icon";
import { notify } from "../parts/toast";
import { go } from "../route";
import { Share } from "./share";

const uses_max = 1_000;
const spans = [
    ["invites.day", 1],
    ["invites.week", 7],
    ["invites.month", 30],
    ["invites.never", 0],
] as const;
const day_ms = 86_400_000;

export default function Invites() {
    const [items, set_items] = useState<Invite[] | null>(null);
    const [error, set_error] = useState<unknown>(null);
    const [making, make] = useState(false);
    const [shared, share] = useState<Invite | null>(null);
    const [doomed, doom] = useState<Invite | null>(null);
    const load = () => {
        set_error(null);
        request("get", "/api/v1/invites", { query: { limit: 100 } }).then(
            (page) => set_items(page.items),
            set_error,
        );
    };
    useEffect(load, []);
    const revoke = async (invite: Invite) => {
        doom(null);
        try {
            await request("delete", "/api/v1/invites/{invite}", { path: { invite: invite.id } });
            set_items((held) => held?.filter((one) => one.id !== invite.id) ?? null);
            notify(t("invites.revoked"));
        } catch (fault) {
            notify(explain(fault));
        }
    };
    const refused = code_of(error) === "forbidden";
    const made = (invite: Invite) => {
        make(false);
        set_items((held) => [invite, ...(held ?? [])]);
        share(invite);
    };
    return (
        <main class="place" id="main" tabIndex={-1} data-region>
            <Head may_create={!refused} create={() => make(true)} />
            <div class="place-body">
                <p class="muted">{t("invites.lead")}</p>
                {error ? (
                    <Failed error={error} retry={load} />
                ) : (
                    <Items items={items} share={share} doom={doom} />
                )}
            </div>
            {making && <Create on_close={() => make(false)} on_made={made} />}
            {shared && (
                <Dialog title={t("invites.ready")} on_close={() => share(null)}>
                    <Share invite={shared} />
                </Dialog>
            )}
            {doomed && (
                <Confirm
                    danger
                    title={t("invites.revoke_sure")}
                    lead={t("invites.revoke_lead")}
                    action={t("invites.revoke")}
                    on_close={() => doom(null)}
                    on_confirm={() => void revoke(doomed)}
                />
            )}
        </main>
    );
}

function Head({ may_create, create }: { may_create: boolean; create(): void }) {
    const back = () => go({ at: "home" });
    return (
        <header class="place-head">
            <button
                type="button"
                class="quiet round only-narrow"
                aria-label={t("common.back")}
                onClick={back}
            >
                <Icon node={ArrowLeft} />
            </button>
            <h1>{t("invites.title")}</h1>
            <button type="button" class="strong compact" onClick={create} disabled={!may_create}>
                <Icon node={Plus} size={16} />
                {t("invites.create")}
            </button>
        </header>
    );
}

function Failed({ error, retry }: { error: unknown; retry(): void }) {
    const refused = code_of(error) === "forbidden";
    return (
        <div class="note" role="alert">
            <p>{refused ? t("invites.forbidden") : explain(error)}</p>
            {!refused && (
                <button type="button" class="plain" onClick={retry}>
                    {t("common.retry")}
                </button>
            )}
        </div>
    );
}

type Act = (invite: Invite) => void;

function Items({ items, share, doom }: { items: Invite[] | null; share: Act; doom: Act }) {
    if (items?.length === 0) {
        return (
            <div class="empty">
                <p>{t("invites.none")}</p>
                <p class="muted">{t("invites.none_next")}</p>
            </div>
        );
    }
    return (
        <ul class="panel-list">
            {items?.map((invite) => (
                <Row key={invite.id} invite={invite} share={share} doom={doom} />
            ))}
        </ul>
    );
}

function state_of(invite: Invite): string {
    if (invite.used >= invite.uses) return t("invites.used_up");
    if (!invite.expires_at) return t("invites.no_end");
    return Date.parse(invite.expires_at) <= now.value
        ? t("invites.over")
        : t("invites.until", { when: day_and_clock(invite.expires_at) });
}

function Row({
    invite,
    share,
    doom,
}: {
    invite: Invite;
    share(invite: Invite): void;
    doom(invite: Invite): void;
}) {
    return (
        <li class="panel-row">
            <div class="panel-row-text">
                <code class="code">{invite.code}</code>
                <span class="muted small">
                    {t("invites.used", { used: invite.used, uses: invite.uses })} · {state_of(invite)}
                </span>
            </div>
            <div class="panel-row-actions">
                <button
                    type="button"
                    class="quiet round"
                    aria-label={t("invites.copy")}
                    title={t("invites.copy")}
                    onClick={() => void copy(invite.url)}
                >
                    <Icon node={Copy} />
                </button>
                <button
                    type="button"
                    class="quiet round"
                    aria-label={t("invites.qr")}
                    title={t("invites.qr")}
                    onClick={() => share(invite)}
                >
                    <Icon node={QrCode} />
                </button>
                <button
                    type="button"
                    class="quiet round danger"
                    aria-label={t("invites.revoke")}
                    title={t("invites.revoke")}
                    onClick={() => doom(invite)}
                >
                    <Icon node={Trash2} />
                </button>
            </div>
        </li>
    );
}

function Create({ on_close, on_made }: { on_close(): void; on_made(invite: Invite): void }) {
    const [uses, set_uses] = useState("1");
    const [days, set_days] = useState(7);
    const valid = () => /^\d+$/.test(uses) && Number(uses) >= 1 && Number(uses) <= uses_max;
    const form = use_form(valid, async () => {
        const until = days > 0 ? { expires_at: new Date(Date.now() + days * day_ms).toISOString() } : {};
        on_made(await request("post", "/api/v1/invites", { body: { uses: Number(uses), ...until } }));
    });
    return (
        <Dialog title={t("invites.create")} on_close={on_close}>
            <form class="form" onSubmit={form.submit} noValidate>
                <Field
                    label={t("invites.uses")}
                    type="number"
                    min={1}
                    max={uses_max}
                    value={uses}
                    on_input={set_uses}
                    error={form.tried && !valid() ? t("invites.uses_bad", { max: uses_max }) : null}
                />
                <fieldset class="choices">
                    <legend>{t("invites.expires")}</legend>
                    <div class="segments">
                        {spans.map(([key, value]) => (
                            <label key={key}>
                                <input
                                    type="radio"
                                    name="days"
                                    checked={days === value}
                                    onChange={() => set_days(value)}
                                />
                                <span>{t(key)}</span>
                            </label>
                        ))}
                    </div>
                </fieldset>
                {!!form.error && (
                    <p class="form-error" role="alert">
                        {explain(form.error)}
                    </p>
                )}
                <Submit busy={form.busy}>{t("invites.create")}</Submit>
            </form>
        </Dialog>
    );
}
