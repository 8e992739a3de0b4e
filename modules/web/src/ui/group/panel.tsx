// What there is to know and to do about a group, in the panel beside it: its name, my options, its members.
import { LogOut, Pencil, UserPlus } from "lucide";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../api/types";
import { leave_group, remove_from_group } from "../../groups";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { groups } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { Confirm } from "../parts/dialog";
import { explain } from "../parts/errors";
import { Icon } from "../parts/icon";
import { notify } from "../parts/toast";
import { go } from "../route";
import { MemberList } from "./members";
import { group_dialog } from "./state";

type Asked = { kind: "leave" } | { kind: "remove"; member: Member };

export default function GroupPanel({ row, options }: { row: Held; options: VNode }) {
    const [asked, ask] = useState<Asked | null>(null);
    const count = groups.value.get(row.id)?.member_count;
    const owner = row.group?.role === "owner";
    const open = (kind: "add" | "rename") => (group_dialog.value = { kind, group: row.id });
    const head = (
        <>
            <div class="info-who">
                <Avatar id={row.id} name={row.title} size={96} group />
                <bdi class="info-name">{row.title}</bdi>
                <span class="muted">{count === undefined ? "" : t("group.members", { n: count })}</span>
            </div>
            <div class="options">
                <Act node={UserPlus} label={t("group.add_people")} act={() => open("add")} />
                {owner && <Act node={Pencil} label={t("group.rename")} act={() => open("rename")} />}
            </div>
            <h3>{t("info.options")}</h3>
            {options}
            <div class="options">
                <Act node={LogOut} label={t("group.leave")} act={() => ask({ kind: "leave" })} danger />
            </div>
            <h3>{t("group.member_list")}</h3>
        </>
    );
    return (
        <>
            <MemberList
                row={row}
                head={head}
                on_remove={owner ? (member) => ask({ kind: "remove", member }) : null}
            />
            {asked?.kind === "leave" && <Leave row={row} count={count} close={() => ask(null)} />}
            {asked?.kind === "remove" && <Remove row={row} member={asked.member} close={() => ask(null)} />}
        </>
    );
}

function Act(props: { node: Parameters<typeof Icon>[0]["node"]; label: string; act(): void; danger?: boolean }) {
    return (
        <button type="button" class={props.danger ? "option danger" : "option"} onClick={props.act}>
            <Icon node={props.node} />
            <span>{props.label}</span>
        </button>
    );
}

function Leave({ row, count, close }: { row: Held; count: number | undefined; close(): void }) {
    const owner = row.group?.role === "owner";
    const lead = count === 1 ? "group.leave_last" : owner ? "group.leave_owner" : "group.leave_lead";
    const leave = async () => {
        close();
        try {
            await leave_group(row.id);
            go({ at: "home" }, "replace");
            notify(t("group.left_toast", { name: row.title }));
        } catch (error) {
            notify(explain(error));
        }
    };
    return (
        <Confirm
            title={t("group.leave_sure", { name: row.title })}
            lead={t(lead)}
            action={t("group.leave")}
            danger
            on_close={close}
            on_confirm={() => void leave()}
        />
    );
}

function Remove({ row, member, close }: { row: Held; member: Member; close(): void }) {
    const name = member.user.nickname;
    const remove = async () => {
        close();
        try {
            await remove_from_group(row.id, member.user.id);
            notify(t("group.removed_toast", { name }));
        } catch (error) {
            notify(explain(error));
        }
    };
    return (
        <Confirm
            title={t("group.remove_sure", { name })}
            lead={t("group.remove_lead")}
            action={t("group.remove")}
            danger
            on_close={close}
            on_confirm={() => void remove()}
        />
    );
}
