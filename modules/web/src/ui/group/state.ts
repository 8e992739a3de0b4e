// Which dialog about groups is open.
import { effect, signal } from "@preact/signals";
import { conversations, me } from "../../store/state";

export type GroupDialog = { kind: "create" } | { kind: "add" | "rename"; group: string };

export const group_dialog = signal<GroupDialog | null>(null);

export const close_group_dialog = (): void => void (group_dialog.value = null);

/** A dialog does not outlive whoever opened it, nor their being in the group. */
effect(() => {
    const open = group_dialog.value;
    const over = me.value === null || (open && open.kind !== "create" && !conversations.value.has(open.group));
    if (open && over) group_dialog.value = null;
});
