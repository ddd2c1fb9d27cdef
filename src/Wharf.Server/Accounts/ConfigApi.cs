using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Network;
using Wharf.Server.Mail;
using Wharf.Server.OAuth;
using Wharf.Server.PullStatistics;
using Wharf.Server.Repositories;
using Wharf.Server.Security;

namespace Wharf.Server.Accounts;

/// <summary>GET /config: what Quay's clients ask first, to know what there is. It has those of Quay's keys that are true of Wharf.</summary>
internal static class ConfigApi
{
    // What Quay's pages let people choose from.
    private static readonly (string Name, int Days)[] s_windows = [("0s", 0), ("1d", 1), ("1w", 7), ("2w", 14), ("4w", 28)];

    public static void Map(WebApplication app) => app.MapGet("/config", Get).Requires(Permission.Open).WithName("getConfig")
        .Describe("Says what this registry can do and how it is set up, as far as everyone may know.").Gives(200, "application/json");

    private static async Task<ContentHttpResult> Get(HttpContext http, PublicAddress address, AccountStore people, SecurityOptions security, AccountOptions accounts, AuthOptions auth, MailQueue mail, RegistryOptions registry, OAuthOptions oauth, LifetimeOptions lifetimes, PullStatisticsOptions pulls, CancellationToken ct)
    {
        var url = address.BaseUrl(http).Split("://", 2);
        var config = new JsonObject
        {
            ["AUTHENTICATION_TYPE"] = "Database",
            ["PREFERRED_URL_SCHEME"] = url[0],
            ["SERVER_HOSTNAME"] = url[1],
            ["REGISTRY_TITLE"] = "Wharf",
            ["REGISTRY_TITLE_SHORT"] = "Wharf",
            ["REGISTRY_STATE"] = "normal",
            ["LOCAL_OAUTH_HANDLER"] = RedirectTarget.LocalPath,
            ["DEFAULT_TAG_EXPIRATION"] = "2w",
            ["TAG_EXPIRATION_OPTIONS"] = new JsonArray([.. s_windows.Where(w => lifetimes.CheckWindow(w.Days * 24L * 3600) is null).Select(static w => (JsonNode)w.Name)]),
            ["CREATE_PRIVATE_REPO_ON_PUSH"] = registry.CreatePrivateRepoOnPush,
            ["CREATE_NAMESPACE_ON_PUSH"] = registry.CreateNamespaceOnPush,
            ["FRESH_LOGIN_TIMEOUT"] = $"{auth.FreshLoginMinutes}m",
        };
        var features = new JsonObject
        {
            ["ANONYMOUS_ACCESS"] = auth.AnonymousAccess,
            ["APP_SPECIFIC_TOKENS"] = true,
            ["ASSIGN_OAUTH_TOKEN"] = oauth.AssignTokens,
            ["BILLING"] = false,
            ["BUILD_SUPPORT"] = false,
            ["CHANGE_TAG_EXPIRATION"] = true,
            ["DIRECT_LOGIN"] = true,
            ["EXTENDED_REPOSITORY_NAMES"] = true,
            ["IMAGE_PULL_STATS"] = pulls.Enabled,
            ["INVITE_ONLY_USER_CREATION"] = false,
            ["LIBRARY_SUPPORT"] = registry.LibrarySupport,
            ["MAILING"] = mail.Enabled,
            ["PERMANENT_SESSIONS"] = true,
            ["PROXY_CACHE"] = false,
            ["QUOTA_MANAGEMENT"] = true,
            ["REPO_MIRROR"] = false,
            ["REQUIRE_ENCRYPTED_BASIC_AUTH"] = auth.RequireEncryptedPasswords,
            ["REQUIRE_TEAM_INVITE"] = accounts.RequireTeamInvite,
            ["RESTRICTED_USERS"] = accounts.RestrictedUsers,
            ["SECURITY_SCANNER"] = security.Enabled,
            ["SIGNING"] = false,
            ["SUPERUSERS_FULL_ACCESS"] = accounts.SuperusersFullAccess,
            ["SUPERUSERS_ORG_CREATION_ONLY"] = accounts.SuperusersOrgCreationOnly,
            ["SUPER_USERS"] = true,
            ["TEAM_SYNCING"] = false,
            ["USERNAME_CONFIRMATION"] = false,
            ["USER_CREATION"] = accounts.UserCreation,
            ["USER_INITIALIZE"] = true,
            ["USER_METADATA"] = false,
            ["USER_RENAME"] = false,
        };
        return TypedResults.Text(new JsonObject
        {
            ["config"] = config,
            ["features"] = features,
            ["external_login"] = new JsonArray(),
            ["oauth"] = new JsonObject(),
            ["registry_state"] = "normal",
            ["account_recovery_mode"] = false,
            ["version_number"] = BuildInfo.Version,
            // Ours: nobody has an account yet, so that initializeUser works.
            ["awaits_first_user"] = !await people.AnyAsync(ct),
        }.ToJsonString(), "application/json");
    }
}
