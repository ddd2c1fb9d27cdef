using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wharf.Server.Audit;

/// <summary>How an event of the outbox is told in Quay's words (facts: the kinds that Quay seeds); kinds of ours, where Quay has none, are in the same style.</summary>
internal static class AuditKinds
{
    // Members of payloads that name a person or reach one; what they say is in the entry's person, or nowhere.
    private static readonly string[] s_personal = ["by", "account", "member", "email", "old_email", "former_email", "address", "agent", "user", "username", "admin"];

    private static readonly Dictionary<string, string> s_kinds = new(StringComparer.Ordinal)
    {
        ["account.created"] = "user_create",
        ["account.deleted"] = "user_delete",
        ["account.converted"] = "account_convert",
        ["session.ended"] = "logout_success",
        ["apptoken.created"] = "create_app_specific_token",
        ["apptoken.revoked"] = "revoke_app_specific_token",
        ["organization.created"] = "org_create",
        ["organization.deleted"] = "org_delete",
        ["organization.restored"] = "org_restore",
        ["organization.renamed"] = "org_change_name",
        ["organization.converted"] = "account_convert",
        ["organization.taken"] = "take_ownership",
        ["organization.prototype_created"] = "create_prototype_permission",
        ["organization.prototype_changed"] = "modify_prototype_permission",
        ["organization.prototype_deleted"] = "delete_prototype_permission",
        ["team.created"] = "org_create_team",
        ["team.deleted"] = "org_delete_team",
        ["team.member_added"] = "org_add_team_member",
        ["team.member_removed"] = "org_remove_team_member",
        ["team.person_removed"] = "org_remove_team_member",
        ["team.member_invited"] = "org_invite_team_member",
        ["team.invite_withdrawn"] = "org_delete_team_member_invite",
        ["team.invite_declined"] = "org_team_member_invite_declined",
        ["robot.created"] = "create_robot",
        ["robot.deleted"] = "delete_robot",
        ["robot.regenerated"] = "regenerate_robot_token",
        ["robot.changed"] = "change_robot",
        ["repository.created"] = "create_repo",
        ["repository.deleted"] = "delete_repo",
        ["repository.restored"] = "restore_repo",
        ["repository.rewound"] = "rewind_repo",
        ["repository.state"] = "change_repo_state",
        ["repository.visibility"] = "change_repo_visibility",
        ["repository.described"] = "set_repo_description",
        ["manifest.pushed"] = "push_repo",
        ["manifest.deleted"] = "delete_manifest",
        ["tag.ended"] = "delete_tag",
        ["lease.taken"] = "take_lease",
        ["lease.ended"] = "end_lease",
        ["content.collected"] = "collect_garbage",
        ["repository.purged"] = "purge_repo",
        ["organization.purged"] = "purge_namespace",
        ["blob.unlinked"] = "delete_blob",
        ["account.confirmed"] = "user_confirm_email",
        ["oauth.application_created"] = "create_application",
        ["oauth.application_changed"] = "update_application",
        ["oauth.application_deleted"] = "delete_application",
        ["oauth.secret_reset"] = "reset_application_client_secret",
        ["oauth.token_created"] = "create_oauth_api_token",
        ["oauth.token_revoked"] = "revoke_oauth_api_token",
        ["oauth.token_assigned"] = "oauth_token_assigned",
        ["oauth.assignment_deleted"] = "oauth_token_revoked",
        ["team.invite_accepted"] = "org_team_member_invite_accepted",
        ["recovery.sent"] = "send_recovery_email",
        ["servicekey.created"] = "service_key_create",
        ["servicekey.approved"] = "service_key_approve",
        ["servicekey.extended"] = "service_key_extend",
        ["servicekey.modified"] = "service_key_modify",
        ["servicekey.deleted"] = "service_key_delete",
        ["message.created"] = "create_global_message",
        ["message.deleted"] = "delete_global_message",
        ["registry.size_queued"] = "queue_registry_size",
        ["quota.created"] = "org_create_quota",
        ["quota.changed"] = "org_change_quota",
        ["quota.deleted"] = "org_delete_quota",
        ["quota.limit_created"] = "org_create_quota_limit",
        ["quota.limit_changed"] = "org_change_quota_limit",
        ["quota.limit_deleted"] = "org_delete_quota_limit",
        ["tag.created"] = "create_tag",
        ["tag.moved"] = "move_tag",
        ["tag.restored"] = "revert_tag",
        ["tag.expiration"] = "change_tag_expiration",
        ["tag.purged"] = "permanently_delete_tag",
        ["tag.immutability"] = "change_tag_immutability",
        ["tag.began_immutable"] = "tag_made_immutable_by_policy",
        ["tag.made_immutable"] = "tags_made_immutable_by_policy",
        ["immutability.created"] = "create_immutability_policy",
        ["immutability.changed"] = "update_immutability_policy",
        ["immutability.deleted"] = "delete_immutability_policy",
        ["tag.pruned"] = "autoprune_tag_delete",
        ["label.added"] = "manifest_label_add",
        ["label.deleted"] = "manifest_label_delete",
        ["organization.pull_exclusion_added"] = "add_pull_exclusion",
        ["organization.pull_exclusion_removed"] = "remove_pull_exclusion",
        ["account.erased"] = "user_erase",
        ["hold.set"] = "set_hold",
        ["hold.lifted"] = "lift_hold",
    };

    /// <summary>The kind, or null for an event that is no action of anybody.</summary>
    public static string? Of(string kind, JsonObject payload) => kind switch
    {
        "blob.linked" or "blob.placed" or "storage.placed" or "storage.removed" or "immutability.applied" or "manifest.scanned" => null,
        "account.changed" or "profile.changed" => Changed(payload),
        "organization.changed" => Differs(payload, "email", "formerEmail") || Differs(payload, "email", "former_email") ? "org_change_email"
            : Differs(payload, "tag_expiration_s", "former_tag_expiration_s") ? "org_change_tag_expiration" : "org_change",
        "account.confirmed" => Differs(payload, "email", "former_email") ? "user_change_email" : "confirm_email",
        "team.changed" => payload["role"]?.ToString() == payload["was"]?.ToString() ? "org_set_team_description" : "org_set_team_role",
        "prunepolicy.created" or "prunepolicy.changed" or "prunepolicy.deleted" => PrunePolicy(kind, payload),
        "repository.grant" => payload["role"] is null ? "delete_repo_permission" : "change_repo_permission",
        _ => s_kinds.GetValueOrDefault(kind, kind.Replace('.', '_')),
    };

    /// <summary>The members of Quay's metadata that the event has, without what names a person.</summary>
    public static JsonObject Metadata(string kind, JsonObject payload, string? repository)
    {
        var metadata = new JsonObject();
        if (repository is not null)
            metadata["repo"] = repository;
        foreach (var (name, value) in payload)
        {
            if (value is null || Array.IndexOf(s_personal, name) >= 0 || name.Contains("email", StringComparison.OrdinalIgnoreCase))
                continue;
            switch (name)
            {
                // The name beside an id is the object's own: a team's, a robot's, an organization's; or a person's, beside "account".
                case "name" when payload.ContainsKey("team"):
                    metadata["team"] = value.DeepClone();
                    break;
                case "name" when payload.ContainsKey("robot"):
                    metadata["robot"] = value.ToString() is var robot && robot.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? robot[(plus + 1)..] : value.DeepClone();
                    break;
                case "name" when payload.ContainsKey("account"):
                case "team" when payload.ContainsKey("name"):
                case "robot" when payload.ContainsKey("name"):
                    break;
                case "name" when kind.StartsWith("repository.", StringComparison.Ordinal):
                    break;
                case "pruned" when value is JsonArray { Count: > 1 }:
                    metadata["tags"] = value.DeepClone();
                    break;
                case "tags" or "pruned" when value is JsonArray { Count: 1 } only:
                    metadata["tag"] = only[0]!.DeepClone();
                    break;
                default:
                    metadata[name] = value.DeepClone();
                    break;
            }
        }
        return metadata;
    }

    /// <summary>Whom the event was done to, if anybody.</summary>
    public static long? About(string kind, JsonObject payload, long namespaceId) =>
        payload["account"] is JsonValue account && account.TryGetValue(out long id) ? id
        : kind.StartsWith("account.", StringComparison.Ordinal) || kind == "profile.changed" ? namespaceId : null;

    private static string Changed(JsonObject payload)
    {
        var changed = payload["changed"] is JsonArray list ? list.Select(static c => c?.ToString()).ToHashSet() : [];
        return changed.Contains("password") ? "account_change_password"
            : changed.Contains("enabled") ? payload["enabled"]?.GetValueKind() == JsonValueKind.True ? "user_enable" : "user_disable"
            : changed.Contains("superuser") ? "user_change_superuser"
            : changed.Contains("email") ? "user_change_email"
            : changed.Contains("tag_expiration_s") ? "user_change_tag_expiration"
            : "user_change_metadata";
    }

    // Quay has a kind for each of the two places.
    private static string PrunePolicy(string kind, JsonObject payload) =>
        $"{kind["prunepolicy.".Length..] switch { "created" => "create", "changed" => "update", _ => "delete" }}_{(payload.ContainsKey("repo") ? "repository" : "namespace")}_autoprune_policy";

    private static bool Differs(JsonObject payload, string now, string former) => payload.ContainsKey(now) && payload.ContainsKey(former) && payload[now]?.ToString() != payload[former]?.ToString();
}
