// What others see of me.
import { useState } from "preact/hooks";
import { change_profile } from "../../client";
import { t } from "../../i18n/language";
import { me } from "../../store/state";
import { nickname_fault } from "../entry/account";
import { Avatar } from "../parts/avatar";
import { explain, points_at } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { notify } from "../parts/toast";

const bio_max = 500;

export function Profile() {
    const user = me.value;
    const [nickname, set_nickname] = useState(user?.nickname ?? "");
    const [bio, set_bio] = useState(user?.bio ?? "");
    const bio_fault = () => ([...bio].length <= bio_max ? null : t("profile.bio_bad"));
    const form = use_form(
        () => !nickname_fault(nickname) && !bio_fault(),
        async () => {
            await change_profile({ nickname: nickname.trim(), bio: bio.trim() });
            notify(t("common.saved"));
        },
    );
    if (!user) return null;
    const changed = nickname.trim() !== user.nickname || bio.trim() !== user.bio;
    return (
        <form class="form panel" onSubmit={form.submit} noValidate>
            <div class="profile-head">
                <Avatar id={user.id} name={nickname || user.username} size={96} />
                <div>
                    <p class="strong-text">@{user.username}</p>
                    <p class="muted">{t(`role.${user.role}`)}</p>
                    <p class="muted small">{t("profile.lead")}</p>
                </div>
            </div>
            <Field
                label={t("field.nickname")}
                value={nickname}
                on_input={set_nickname}
                autocomplete="nickname"
                error={form.tried || points_at(form.error, "nickname") ? nickname_fault(nickname) : null}
            />
            <Field
                label={t("profile.bio")}
                hint={t("profile.bio_hint")}
                lines={4}
                value={bio}
                on_input={set_bio}
                error={form.tried ? bio_fault() : null}
            />
            {!!form.error && (
                <p class="form-error" role="alert">
                    {explain(form.error)}
                </p>
            )}
            <div class="actions">
                <Submit busy={form.busy} disabled={!changed}>
                    {t("common.save")}
                </Submit>
            </div>
        </form>
    );
}
