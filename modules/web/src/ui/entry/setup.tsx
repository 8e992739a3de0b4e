// The first start: the owner's account, then the link by which the others come.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Invite } from "../../api/types";
import { device, enter } from "../../client";
import { t } from "../../i18n/language";
import { me, server } from "../../store/state";
import { code_of } from "../../wire/error";
import { request } from "../../wire/http";
import { Share } from "../invites/share";
import { explain, points_at } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { forget_secrets, go, secret } from "../route";
import { account_body, account_ready, AccountFields, no_account, shown_at_fields } from "./account";
import { Card } from "./card";

const steps = 2;
const first_invite_uses = 10;

/** Whether this page made the owner: only then the wizard goes on to the invite. */
const made_owner = signal(false);

export function SetUp() {
    if (!me.value) return <Owner />;
    return made_owner.value ? <Done /> : <Already />;
}

function Already() {
    return (
        <Card title={t("setup.title")} lead={t("setup.done_already")}>
            <button type="button" class="strong" onClick={() => go({ at: "home" }, "replace")}>
                {t(me.value ? "setup.open" : "sign_in.button")}
            </button>
        </Card>
    );
}

function Owner() {
    const [account, set_account] = useState(no_account);
    const [token, set_token] = useState(secret("token"));
    const form = use_form(
        () => account_ready(account) && token.trim() !== "",
        async () => {
            const session = await request("post", "/api/v1/setup", {
                anonymous: true,
                body: { ...account_body(account), setup_token: token.trim(), device: device() },
            });
            forget_secrets();
            made_owner.value = true;
            await enter(session);
        },
    );
    if (server.value && !server.value.setup_required) return <Already />;
    const token_bad =
        !!form.error &&
        (points_at(form.error, "setup_token") ||
            ["forbidden", "not_found", "gone", "unauthenticated"].includes(code_of(form.error)));
    return (
        <Card title={t("setup.title")} lead={t("setup.lead")} step={t("setup.step", { n: 1, all: steps })}>
            <form class="form" onSubmit={form.submit} noValidate>
                {secret("token") === "" && (
                    <Field
                        label={t("field.setup_token")}
                        value={token}
                        on_input={set_token}
                        error={form.tried && token.trim() === "" ? t("field.required") : null}
                    />
                )}
                <AccountFields account={account} set={set_account} tried={form.tried} error={form.error} />
                {!!form.error && !shown_at_fields(form.error) && (
                    <p class="form-error" role="alert">
                        {token_bad ? t("setup.token_bad") : explain(form.error)}
                    </p>
                )}
                <Submit busy={form.busy}>{t("setup.button")}</Submit>
            </form>
        </Card>
    );
}

function Done() {
    const [invite, set_invite] = useState<Invite | null>(null);
    const [error, set_error] = useState<unknown>(null);
    const make = () => {
        set_error(null);
        request("post", "/api/v1/invites", { body: { uses: first_invite_uses } }).then(set_invite, set_error);
    };
    useEffect(make, []);
    return (
        <Card
            title={t("setup.done_title")}
            lead={t("setup.done_lead")}
            step={t("setup.step", { n: 2, all: steps })}
        >
            {invite ? (
                <Share invite={invite} />
            ) : error ? (
                <div class="note" role="alert">
                    <p>{explain(error)}</p>
                    <button type="button" class="plain" onClick={make}>
                        {t("common.retry")}
                    </button>
                </div>
            ) : (
                <p class="muted" role="status">
                    {t("setup.making_link")}
                </p>
            )}
            <button type="button" class="strong" onClick={() => go({ at: "home" }, "replace")}>
                {t("setup.open")}
            </button>
        </Card>
    );
}
