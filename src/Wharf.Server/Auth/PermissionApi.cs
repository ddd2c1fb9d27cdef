using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Auth;

/// <summary>Answers why somebody may or may not do something; Wharf's own, in Quay's manner.</summary>
internal static class PermissionApi
{
    public static void MapPermissions(this WebApplication app) =>
        app.MapGet("/api/v1/permission/explain", Explain).Requires(Permission.SignedIn, scope: Scopes.RepoRead).WithName("explainPermission")
            .Describe("Answers whether somebody may do something with a repository, and why.").Query("repository", "The repository, namespace/name.", required: true)
            .Query("action", "pull, push, delete or admin.", required: true).Query("subject", "A user, a robot or anonymous(); the caller when left out.")
            .Gives(PermissionJson.Default.ExplainedPermission).Gives(404);

    /// <summary>
    /// Query: <c>repository</c> (namespace/name), <c>action</c> (pull, push, delete or admin) and <c>subject</c> (a user, a robot, or
    /// <c>anonymous()</c>; the caller where it is left out). About others it answers the admins of the repository and superusers.
    /// </summary>
    private static async Task<IResult> Explain(HttpContext http, string? subject, string? repository, string? action, AccountStore accounts, AuthOptions options, Permissions permissions, CancellationToken ct)
    {
        if (!RepositoryName.TryParse(repository ?? "", null, out var name))
            return Problem.InvalidRequest("repository is namespace/name in lower case.");
        if (Needed(action) is not { } needed)
            return Problem.InvalidRequest("action is one of pull, push, delete and admin.");
        var me = http.Caller().Principal;
        var wanted = string.IsNullOrEmpty(subject) ? me.Name : subject;
        var knowsAll = me.Superuser || (me.ReadsAll && me.Has(Scopes.SuperUser));
        var mayAsk = knowsAll || wanted == me.Name || (await permissions.DecideAsync(me, name, RepositoryRole.Admin, ct)).Role == RepositoryRole.Admin;
        if (!mayAsk)
            return Problem.InsufficientScope("Only an admin of the repository may ask about others; leave out subject to ask about yourself.");
        AccountState? account = null;
        var principal = Principal.Anonymous;
        if (wanted != Anonymous)
        {
            // Whether somebody else's namespace has such a robot is nobody's business.
            var isForeign = AccountStore.OwnerOfRobot(wanted) is { } owner && owner != name.Namespace && owner != me.Name && wanted != me.Name;
            if ((isForeign && !knowsAll) || !(AccountStore.IsValidName(wanted) || AccountStore.IsValidRobotName(wanted)) || (account = await accounts.FindAsync(wanted, ct)) is null)
                return Problem.NotFound("There is no such user or robot.");
            // Of oneself, what one may do with the credential at hand.
            principal = account.Id == me.AccountId ? me : accounts.PrincipalOf(account);
        }
        var why = await permissions.ExplainAsync(principal, account, name, ct);
        var allowed = why.Access.Role >= needed && why.SignsIn && !(why.Access.ReadOnly && action is "push" or "delete")
            && (!principal.IsAnonymous || (options.AnonymousAccess && needed == RepositoryRole.Read));
        return TypedResults.Json(new ExplainedPermission(
            wanted, principal.IsAnonymous ? "anonymous" : principal.IsRobot ? "robot" : "user", name.ToString(), action!, allowed, Word(why.Access.Role),
            Reason(why, wanted, action!, allowed, needed), why.Decides is { } d ? View(d) : null, [.. why.Sources.Select(View)], why.Limits), PermissionJson.Default.ExplainedPermission);
    }

    private const string Anonymous = "anonymous()";

    private static RepositoryRole? Needed(string? action) => action switch
    {
        "pull" => RepositoryRole.Read,
        "push" or "delete" => RepositoryRole.Write,
        "admin" => RepositoryRole.Admin,
        _ => null,
    };

    private static string Reason(Explanation why, string subject, string action, bool allowed, RepositoryRole needed)
    {
        var verb = allowed ? "may" : "may not";
        if (why.Decides is not { } source)
            return $"{subject} {verb} {action}: nothing gives {subject} a role with this repository, or it does not exist.";
        var from = source.Kind switch
        {
            "public" => "the repository is public, which gives everyone read",
            "user" or "robot" => $"a grant of {Word(source.Role)} to {subject}" + (source.GrantedBy is { } by ? $" by {by}" : ""),
            "team" => $"a grant of {Word(source.Role)} to the team {source.Team}" + (source.GrantedBy is { } by ? $" by {by}" : ""),
            "organization_admin" => $"the team {source.Team} administers the organization",
            "creator" => $"the team {source.Team} may make repositories in the organization",
            "namespace_owner" => "it is the own namespace",
            "superuser" => "superusers have full access here",
            "global_readonly_superuser" => "a global read-only superuser reads everything",
            _ => "a push makes the organization, which belongs to whoever pushes first",
        };
        var but = !allowed && why.Access.Role >= needed ? $" But: {string.Join(' ', why.Limits)}" : !allowed ? $" That is not enough: {action} needs {Word(needed)}." : "";
        return $"{subject} {verb} {action}: {from}.{but}";
    }

    private static string Word(RepositoryRole role) => role.ToString().ToLowerInvariant();

    private static SourceView View(PermissionSource source) => new(source.Kind, Word(source.Role), source.Team, source.GrantedBy, QuayDate.Format(source.GrantedMs is 0 ? null : source.GrantedMs));
}

internal sealed record ExplainedPermission(
    string Subject, [property: JsonPropertyName("subject_kind")] string SubjectKind, string Repository, string Action, bool Allowed, string Role, string Reason,
    [property: JsonPropertyName("decided_by")] SourceView? DecidedBy, IReadOnlyList<SourceView> Sources, IReadOnlyList<string> Limits);

internal sealed record SourceView(string Kind, string Role, string? Team, [property: JsonPropertyName("granted_by")] string? GrantedBy, string? Granted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExplainedPermission))]
internal sealed partial class PermissionJson : JsonSerializerContext;
