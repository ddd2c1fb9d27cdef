using System.Globalization;
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
            .Query("at", "A time such as 2026-11-24T12:00:00Z: whether it was so then, and why.")
            .Gives(PermissionJson.Default.ExplainedPermission).Gives(404);

    /// <summary>
    /// Query: <c>repository</c> (namespace/name), <c>action</c> (pull, push, delete or admin), <c>subject</c> (a user, a robot, or
    /// <c>anonymous()</c>; the caller where it is left out) and <c>at</c> (now where it is left out; names are those of then).
    /// About others it answers those who administer the repository now, and superusers.
    /// </summary>
    private static async Task<IResult> Explain(
        HttpContext http, string? subject, string? repository, string? action, string? at, AccountStore accounts, AuthOptions options, Permissions permissions, TimeProvider clock, CancellationToken ct)
    {
        if (!RepositoryName.TryParse(repository ?? "", null, out var name))
            return Problem.InvalidRequest("repository is namespace/name in lower case.");
        if (Needed(action) is not { } needed)
            return Problem.InvalidRequest("action is one of pull, push, delete and admin.");
        if (!TryPast(at, clock.GetUtcNow(), out var atMs))
            return Problem.InvalidRequest("at is a time that has passed, such as 2026-11-24T12:00:00Z.");
        var me = http.Caller().Principal;
        var wanted = string.IsNullOrEmpty(subject) ? me.Name : subject;
        var known = wanted == Anonymous || !(AccountStore.IsValidName(wanted) || AccountStore.IsValidRobotName(wanted)) ? null
            : atMs is not { } then ? await accounts.FindAsync(wanted, ct)
            : string.IsNullOrEmpty(subject) ? await accounts.FindAsOfAsync(null, me.AccountId, then, ct)
            : await accounts.FindAsOfAsync(wanted, 0, then, ct);
        var isMe = string.IsNullOrEmpty(subject) || known?.Id == me.AccountId;
        var knowsAll = me.Superuser || (me.ReadsAll && me.Has(Scopes.SuperUser));
        var mayAsk = knowsAll || isMe || (atMs is { } past
            ? await permissions.AdministersWhatWasAsync(me, name, past, ct)
            : (await permissions.DecideAsync(me, name, RepositoryRole.Admin, ct)).Role == RepositoryRole.Admin);
        if (!mayAsk)
            return Problem.InsufficientScope("Only an admin of the repository may ask about others; leave out subject to ask about yourself.");
        var principal = Principal.Anonymous;
        if (wanted != Anonymous)
        {
            // Whether somebody else's namespace has such a robot is nobody's business.
            var isForeign = AccountStore.OwnerOfRobot(wanted) is { } owner && owner != name.Namespace && !isMe && known?.RobotOf != me.AccountId;
            if ((isForeign && !knowsAll) || known is null)
                return Problem.NotFound(atMs is null ? "There is no such user or robot." : "There was no such user or robot.");
            // Of oneself, what one may do with the credential at hand.
            principal = !isMe ? accounts.PrincipalOf(known) : atMs is null ? me : accounts.PrincipalOf(known) with { Scopes = me.Scopes };
        }
        var why = await permissions.ExplainAsync(principal, known, name, atMs, ct);
        var allowed = why.Access.Role >= needed && why.SignsIn && !(why.Access.ReadOnly && action is "push" or "delete")
            && (!principal.IsAnonymous || (options.AnonymousAccess && needed == RepositoryRole.Read));
        var subjectName = known?.Name ?? wanted;
        return TypedResults.Json(new ExplainedPermission(
            subjectName, principal.IsAnonymous ? "anonymous" : principal.IsRobot ? "robot" : "user", name.ToString(), action!, allowed, Word(why.Access.Role),
            Reason(why, subjectName, action!, allowed, needed, atMs is not null), why.Decides is { } d ? View(d) : null, [.. why.Sources.Select(View)],
            atMs is { } asked ? [.. why.Limits, .. await NotesAsync(permissions, asked, ct)] : why.Limits, Format(atMs)), PermissionJson.Default.ExplainedPermission);
    }

    // RFC 3339.
    private static bool TryPast(string? text, DateTimeOffset now, out long? ms)
    {
        ms = null;
        if (string.IsNullOrEmpty(text))
            return true;
        if (!DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) || at > now)
            return false;
        ms = at.ToUnixTimeMilliseconds();
        return true;
    }

    private static async ValueTask<List<string>> NotesAsync(Permissions permissions, long atMs, CancellationToken ct)
    {
        List<string> notes = ["Settings are taken as they are now: who is a superuser by them, and what they forbid or open."];
        var began = await permissions.HistoryBeganAsync(ct);
        if (atMs < began)
            notes.Add($"Changes are recorded since {Format(began)}. Of the time before, only when accounts, repositories and grants that were there then had been made is known; teams count as if they had always been as they were then.");
        return notes;
    }

    private static string? Format(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : null;

    private const string Anonymous = "anonymous()";

    private static RepositoryRole? Needed(string? action) => action switch
    {
        "pull" => RepositoryRole.Read,
        "push" or "delete" => RepositoryRole.Write,
        "admin" => RepositoryRole.Admin,
        _ => null,
    };

    private static string Reason(Explanation why, string subject, string action, bool allowed, RepositoryRole needed, bool isPast)
    {
        var verb = (allowed, isPast) switch { (true, false) => "may", (false, false) => "may not", (true, true) => "could", _ => "could not" };
        if (why.Decides is not { } source)
            return $"{subject} {verb} {action}: nothing gives {subject} a role with this repository, or it does not exist{(isPast ? ", as it was then" : "")}.";
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
    [property: JsonPropertyName("decided_by")] SourceView? DecidedBy, IReadOnlyList<SourceView> Sources, IReadOnlyList<string> Limits,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? At);

internal sealed record SourceView(string Kind, string Role, string? Team, [property: JsonPropertyName("granted_by")] string? GrantedBy, string? Granted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExplainedPermission))]
internal sealed partial class PermissionJson : JsonSerializerContext;
