using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Robots;

/// <summary>Robots of people and of organizations, as in Quay; expiry, changing one, and credential files are Wharf's own.</summary>
internal static class RobotsApi
{
    private const int MaxDescription = 255;
    private const int MaxMetadata = 8 << 10;
    private const int MaxPage = 1000;

    public static void MapRobots(this WebApplication app)
    {
        app.MapGet("/api/v1/user/robots", ListOwn).Requires(Permission.Person).WithName("getUserRobots")
            .Describe("Lists the own robots.").Query("permissions", "With their teams and repositories.", "boolean")
            .Query("token", "With their tokens where those are kept and the caller may see them, as it is without this parameter.", "boolean")
            .Query("limit", "How many there are on a page, at most 1000.", "integer").Paged().Gives(RobotsJson.Default.RobotList);
        app.MapGet("/api/v1/user/robots/{robot}", GetOwn).Requires(Permission.Person).WithName("getUserRobot")
            .Describe("Shows one of the own robots.").Gives(RobotsJson.Default.RobotView);
        app.MapPut("/api/v1/user/robots/{robot}", CreateOwn).Requires(Permission.Person).WithName("createUserRobot")
            .Describe("Makes a robot.").Takes(RobotsJson.Default.RobotBody, optional: true).Gives(RobotsJson.Default.RobotView, 201);
        app.MapPatch("/api/v1/user/robots/{robot}", ChangeOwn).Requires(Permission.Person).WithName("changeUserRobot")
            .Describe("Changes the description, metadata or end of a robot; what is left out stays.").Takes(RobotsJson.Default.RobotBody, optional: true)
            .Gives(RobotsJson.Default.RobotView);
        app.MapDelete("/api/v1/user/robots/{robot}", DeleteOwn).Requires(Permission.Person).WithName("deleteUserRobot")
            .Describe("Deletes a robot.").Gives(204);
        app.MapGet("/api/v1/user/robots/{robot}/permissions", GrantsOfOwn).Requires(Permission.Person).WithName("getUserRobotPermissions")
            .Describe("Lists the repositories that a robot has a role in.").Gives(RobotsJson.Default.RobotGrants);
        app.MapPost("/api/v1/user/robots/{robot}/regenerate", RegenerateOwn).Requires(Permission.Person).WithName("regenerateUserRobotToken")
            .Describe("Gives a robot a new token, which makes the old one void.").Gives(RobotsJson.Default.RobotView);
        app.MapGet("/api/v1/user/robots/{robot}/credentials/{format}", CredentialsOfOwn).Requires(Permission.Person).WithName("getUserRobotCredentials")
            .Describe("Gives the credentials of a robot as a file that a client takes.").Gives(200, "*/*");

        app.MapGet("/api/v1/organization/{orgname}/robots", List).Requires(Permission.SeeOrganization, scope: Scopes.OrgAdmin).WithName("getOrgRobots")
            .Describe("Lists an organization's robots.").Query("permissions", "With their teams and repositories.", "boolean")
            .Query("token", "With their tokens where those are kept and the caller may see them, as it is without this parameter.", "boolean")
            .Query("limit", "How many there are on a page, at most 1000.", "integer").Paged().Gives(RobotsJson.Default.RobotList);
        app.MapGet("/api/v1/organization/{orgname}/robots/{robot}", Get).Requires(Permission.InspectOrganization).WithName("getOrgRobot")
            .Describe("Shows one of an organization's robots.").Gives(RobotsJson.Default.RobotView);
        app.MapPut("/api/v1/organization/{orgname}/robots/{robot}", Create).Requires(Permission.AdministerOrganization).WithName("createOrgRobot")
            .Describe("Makes a robot.").Takes(RobotsJson.Default.RobotBody, optional: true).Gives(RobotsJson.Default.RobotView, 201);
        app.MapPatch("/api/v1/organization/{orgname}/robots/{robot}", Change).Requires(Permission.AdministerOrganization).WithName("changeOrgRobot")
            .Describe("Changes the description, metadata or end of a robot; what is left out stays.").Takes(RobotsJson.Default.RobotBody, optional: true)
            .Gives(RobotsJson.Default.RobotView);
        app.MapDelete("/api/v1/organization/{orgname}/robots/{robot}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrgRobot")
            .Describe("Deletes a robot.").Gives(204);
        app.MapGet("/api/v1/organization/{orgname}/robots/{robot}/permissions", Grants).Requires(Permission.InspectOrganization, scope: Scopes.UserAdmin).WithName("getOrgRobotPermissions")
            .Describe("Lists the repositories that a robot has a role in.").Gives(RobotsJson.Default.RobotGrants);
        app.MapPost("/api/v1/organization/{orgname}/robots/{robot}/regenerate", Regenerate).Requires(Permission.AdministerOrganization).WithName("regenerateOrgRobotToken")
            .Describe("Gives a robot a new token, which makes the old one void.").Gives(RobotsJson.Default.RobotView);
        app.MapGet("/api/v1/organization/{orgname}/robots/{robot}/credentials/{format}", Credentials).Requires(Permission.AdministerOrganization).WithName("getOrgRobotCredentials")
            .Describe("Gives the credentials of a robot as a file that a client takes.").Gives(200, "*/*");
    }

    private static Task<IResult> ListOwn(HttpContext http, RobotStore robots, CancellationToken ct) => ListAsync(http, robots, Own(http), ct);

    private static Task<IResult> List(HttpContext http, RobotStore robots, CancellationToken ct) => ListAsync(http, robots, Organization(http), ct);

    private static async Task<IResult> ListAsync(HttpContext http, RobotStore robots, Owner owner, CancellationToken ct)
    {
        var query = http.Request.Query;
        var count = MaxPage;
        if (query["limit"] is { Count: > 0 } limit && !(int.TryParse(limit.ToString(), out count) && count is > 0 and <= MaxPage))
            return Problem.InvalidRequest($"limit is a number from 1 to {MaxPage}.");
        var last = query["next_page"].ToString();
        if (last.Length > 0 && !AccountStore.IsValidName(last))
            return QuayQuery.NoSuchPage;
        var withPermissions = owner.Inspects && query.IsTrue("permissions");
        var withTokens = owner.Administers && query.IsTrue("token", otherwise: true);
        var found = await robots.ListAsync(owner.Id, last, count + 1, withTokens, ct);
        string? next = null;
        if (found.Count > count)
        {
            found.RemoveAt(count);
            next = found[^1].Name[(owner.Name.Length + 1)..];
        }
        var teams = withPermissions ? (await robots.TeamsAsync(owner.Id, ct)).ToLookup(static t => t.RobotId, static t => t.Team) : null;
        var grants = withPermissions ? (await robots.GrantsAsync(owner.Id, null, ct)).ToLookup(static g => g.RobotId, static g => g.Repository) : null;
        return TypedResults.Json(new RobotList([.. found.Select(r => View(r, withMetadata: false) with
        {
            Teams = teams is null ? null : [.. teams[r.Id].Select(static t => new RobotTeam(t))],
            Repositories = grants is null ? null : [.. grants[r.Id]],
        })], next), RobotsJson.Default.RobotList);
    }

    private static Task<IResult> GetOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => GetAsync(robots, Own(http), robot, ct);

    private static Task<IResult> Get(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => GetAsync(robots, Organization(http), robot, ct);

    private static async Task<IResult> GetAsync(RobotStore robots, Owner owner, string name, CancellationToken ct) =>
        Answer(await robots.FindAsync(owner.Id, name, owner.Administers, ct) is { } robot ? robot : RobotOutcome.Unknown);

    private static Task<IResult> CreateOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => CreateAsync(http, robots, Own(http), robot, ct);

    private static Task<IResult> Create(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => CreateAsync(http, robots, Organization(http), robot, ct);

    private static async Task<IResult> CreateAsync(HttpContext http, RobotStore robots, Owner owner, string name, CancellationToken ct)
    {
        if (owner.Restricted)
            return Restricted;
        if (!AccountStore.IsValidName(name))
            return Problem.InvalidRequest("A robot's name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        var (body, problem) = await ReadAsync(http, ct);
        return body is null
            ? problem!
            : Answer(await robots.CreateAsync(http.Caller().Principal, owner.Id, name, body.Description ?? "", Text(body.Metadata) ?? "{}", Ms(body.Expiration), ct), 201);
    }

    private static Task<IResult> ChangeOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => ChangeAsync(http, robots, Own(http), robot, ct);

    private static Task<IResult> Change(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => ChangeAsync(http, robots, Organization(http), robot, ct);

    private static async Task<IResult> ChangeAsync(HttpContext http, RobotStore robots, Owner owner, string name, CancellationToken ct)
    {
        if (owner.Restricted)
            return Restricted;
        var (body, problem) = await ReadAsync(http, ct);
        return body is null
            ? problem!
            : Answer(await robots.ChangeAsync(http.Caller().Principal, owner.Id, name, body.Description, Text(body.Metadata), body.Expiration is 0 ? 0 : Ms(body.Expiration), ct));
    }

    private static Task<IResult> DeleteOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => DeleteAsync(http, robots, Own(http), robot, ct);

    private static Task<IResult> Delete(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => DeleteAsync(http, robots, Organization(http), robot, ct);

    private static async Task<IResult> DeleteAsync(HttpContext http, RobotStore robots, Owner owner, string name, CancellationToken ct)
    {
        if (owner.Restricted)
            return Restricted;
        var outcome = await robots.DeleteAsync(http.Caller().Principal, owner.Id, name, ct);
        return outcome.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.NoContent();
    }

    private static Task<IResult> RegenerateOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => RegenerateAsync(http, robots, Own(http), robot, ct);

    private static Task<IResult> Regenerate(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => RegenerateAsync(http, robots, Organization(http), robot, ct);

    private static async Task<IResult> RegenerateAsync(HttpContext http, RobotStore robots, Owner owner, string name, CancellationToken ct) => owner.Restricted
        ? Restricted
        : Answer(await robots.RegenerateAsync(http.Caller().Principal, owner.Id, name, ct));

    private static Task<IResult> GrantsOfOwn(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => GrantsAsync(robots, Own(http), robot, ct);

    private static Task<IResult> Grants(HttpContext http, string robot, RobotStore robots, CancellationToken ct) => GrantsAsync(robots, Organization(http), robot, ct);

    private static async Task<IResult> GrantsAsync(RobotStore robots, Owner owner, string name, CancellationToken ct) =>
        await robots.FindAsync(owner.Id, name, withToken: false, ct) is not { } robot
            ? Answer(RobotOutcome.Unknown)
            : TypedResults.Json(new RobotGrants([.. (await robots.GrantsAsync(owner.Id, robot.Id, ct)).Select(static g =>
                new RobotGrantView(new GrantedRepository(g.Repository, g.IsPublic), g.Role.ToString().ToLowerInvariant()))]), RobotsJson.Default.RobotGrants);

    private static Task<IResult> CredentialsOfOwn(HttpContext http, string robot, string format, RobotStore robots, PublicAddress address, CancellationToken ct) =>
        CredentialsAsync(http, robots, Own(http), robot, format, address, ct);

    private static Task<IResult> Credentials(HttpContext http, string robot, string format, RobotStore robots, PublicAddress address, CancellationToken ct) =>
        CredentialsAsync(http, robots, Organization(http), robot, format, address, ct);

    private static async Task<IResult> CredentialsAsync(HttpContext http, RobotStore robots, Owner owner, string name, string format, PublicAddress address, CancellationToken ct)
    {
        if (await robots.FindAsync(owner.Id, name, withToken: true, ct) is not { } robot)
            return Answer(RobotOutcome.Unknown);
        if (robot.Token is null)
            return Problem.InvalidRequest("This namespace keeps only hashes of its robots' tokens. Regenerate the token to get a new one, which is shown once.");
        return CredentialFile.Create(format, address.Service(http), robot.Name, robot.Token) is { } file
            ? TypedResults.File(Encoding.UTF8.GetBytes(file.Text), file.MediaType, file.Name)
            : Problem.InvalidRequest($"The format is one of {string.Join(", ", CredentialFile.Formats)}.");
    }

    private static async ValueTask<(RobotBody? Body, Problem? Problem)> ReadAsync(HttpContext http, CancellationToken ct)
    {
        // Quay's clients send none, or an empty one.
        var (body, problem) = http.Request.ContentLength is 0 || http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
            ? (new RobotBody(null, null, null), null)
            : await JsonBody.ReadAsync(http, RobotsJson.Default.RobotBody, ct);
        return body switch
        {
            null => (null, problem),
            { Description: { } text } when text.Length > MaxDescription || text.Any(char.IsControl) => (null, Problem.InvalidRequest($"A description has at most {MaxDescription} characters, without control characters.")),
            { Metadata: { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) } } => (null, Problem.InvalidRequest("unstructured_metadata must be an object.")),
            { Metadata: { } m } when RawText(m) is not { Length: <= MaxMetadata } raw || raw.Contains("\\u0000", StringComparison.Ordinal) => (null, Problem.InvalidRequest($"unstructured_metadata has at most {MaxMetadata} characters, all of them Unicode text without NUL.")),
            { Expiration: < 0 or > 253_402_300_799 } => (null, Problem.InvalidRequest("expiration is a time in seconds since 1970, or 0 for never.")),
            _ => (body, null),
        };
    }

    // Null for what parses, but could not be written again: half a surrogate pair, or bytes that are no UTF-8.
    private static string? RawText(JsonElement metadata)
    {
        try
        {
            using var writer = new Utf8JsonWriter(Stream.Null);
            metadata.WriteTo(writer);
            return metadata.GetRawText();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static long? Ms(long? seconds) => seconds is null or 0 ? null : seconds * 1000;

    private static string? Text(JsonElement? metadata) => metadata is { ValueKind: JsonValueKind.Object } m ? m.GetRawText() : null;

    private static IResult Answer(RobotOutcome outcome, int status = 200) => outcome.Robot is { } robot
        ? TypedResults.Json(View(robot, withMetadata: true), RobotsJson.Default.RobotView, statusCode: status)
        : Problem.InvalidRequest(outcome.Problem!);

    private static RobotView View(Robot robot, bool withMetadata) => new(robot.Name, QuayDate.Format(robot.CreatedMs), QuayDate.Format(robot.LastUsedMs), robot.Description, QuayDate.Format(robot.ExpiresMs))
    {
        Token = robot.Token,
        Metadata = withMetadata ? JsonSerializer.Deserialize(robot.Metadata, RobotsJson.Default.JsonElement) : null,
    };

    private static Problem Restricted => Problem.InsufficientScope("Restricted users have no robots of their own.");

    private static Owner Own(HttpContext http) => http.Caller().Principal is var me ? new(me.AccountId, me.Name, true, !me.ReadsAll, me.Restricted) : default;

    private static Owner Organization(HttpContext http)
    {
        var (me, organization) = (http.Caller().Principal, http.Organization());
        return new(organization.NamespaceId, organization.Name, Permissions.Allows(me, organization, Permission.InspectOrganization),
            Permissions.Allows(me, organization, Permission.AdministerOrganization), false);
    }

    /// <summary>Whose robots, and what the caller may do with them.</summary>
    private readonly record struct Owner(long Id, string Name, bool Inspects, bool Administers, bool Restricted);
}

/// <param name="Expiration">Seconds since 1970; 0 for never.</param>
internal sealed record RobotBody(string? Description, [property: JsonPropertyName("unstructured_metadata")] JsonElement? Metadata, long? Expiration);

internal sealed record RobotView(string Name, string? Created, [property: JsonPropertyName("last_accessed")] string? LastAccessed, string Description, string? Expires)
{
    /// <summary>Left out, never empty, where it is not kept or not for the caller.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Token { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("unstructured_metadata")] public JsonElement? Metadata { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<RobotTeam>? Teams { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Repositories { get; init; }
}

internal sealed record RobotTeam(string Name);

internal sealed record RobotList(IReadOnlyList<RobotView> Robots, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("next_page")] string? NextPage);

internal sealed record RobotGrants(IReadOnlyList<RobotGrantView> Permissions);

internal sealed record RobotGrantView(GrantedRepository Repository, string Role);

internal sealed record GrantedRepository(string Name, [property: JsonPropertyName("is_public")] bool IsPublic);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RobotBody))]
[JsonSerializable(typeof(RobotView))]
[JsonSerializable(typeof(RobotList))]
[JsonSerializable(typeof(RobotGrants))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class RobotsJson : JsonSerializerContext;
