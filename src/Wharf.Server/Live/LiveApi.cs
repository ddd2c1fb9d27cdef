using System.Globalization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;
using Wharf.Server.Outbox;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Live;

/// <summary>Streams of what happens, so that pages need not ask again and again (docs/live.md).</summary>
internal static class LiveApi
{
    private const string MediaType = "text/event-stream";
    private const int RetrySeconds = 10;

    public static void MapLive(this WebApplication app) =>
        app.MapGet("/api/v1/events", Listen).Requires(Permission.SignedIn, scope: Scopes.None).WithName("streamEvents")
            .Describe("Streams what happens to what the caller may see, as server-sent events, until either side ends it.",
                "An event says only where to look again: `tag`, `manifest`, `scan` and `repository` (with `namespace`, `repository`, and where they are known `tags` and `digest`), `namespace`, `account`, `message`. " +
                "`hello` comes first. `resync` says that events were missed and everything shown has to be asked for again. Without a filter: the own namespace, organizations of the caller, and repositories that were granted to him or that he has starred. " +
                "A stream ends with the session or token, and when its subject is not the caller's to see any more; each of them is looked at with every event, and every 30 seconds. A comment comes every 15 seconds.")
            .Query("repository", "Only of this repository.").Query("namespace", "Only of this user or organization.").Gives(200, MediaType).Gives(404).Gives(429);

    private static async Task<IResult> Listen(
        HttpContext http, LiveEvents live, LiveInterests interests, Authenticator authenticator, Permissions permissions, EventReader reader, Drain drain, IHostApplicationLifetime lifetime, TimeProvider clock, CancellationToken ct)
    {
        var (query, caller) = (http.Request.Query, http.Caller());
        var (filter, problem) = await FilterAsync(caller.Principal, query["repository"].ToString(), query["namespace"].ToString(), permissions, ct);
        if (filter is null)
            return problem!;
        long? after = null;
        // What no browser has got from here is a place from which nothing goes on.
        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
            after = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : -1;
        if (await live.SubscribeAsync(caller.Principal, filter, ct) is not { } subscription)
            return new Problem(429, "too_many_requests", "Too many streams are open. Close one, or ask again later.", RetrySeconds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, drain.Stopping, lifetime.ApplicationStopping);
        try
        {
            if (filter is { Repository: null, Namespace: null })
                subscription.Interests = await interests.ReadAsync(caller.Principal, ct);
            http.Response.ContentType = MediaType;
            // Proxies that gather answers would keep everything back (nginx).
            http.Response.Headers["X-Accel-Buffering"] = "no";
            await new LiveStream(subscription, caller, authenticator, permissions, interests, reader, http.Response.BodyWriter, clock).RunAsync(after, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Either side has ended it.
        }
        finally
        {
            live.Unsubscribe(subscription);
        }
        return TypedResults.Empty;
    }

    private static async ValueTask<(LiveFilter? Filter, Problem? Problem)> FilterAsync(Principal principal, string repository, string ns, Permissions permissions, CancellationToken ct)
    {
        if (repository.Length > 0 && ns.Length > 0)
            return (null, Problem.InvalidRequest("Give a repository or a namespace, not both."));
        if (repository.Length > 0)
            return RepositoryName.TryParse(repository, null, out var name) && await permissions.DecideAsync(principal, name, RepositoryRole.Read, ct) is { Exists: true, Role: >= RepositoryRole.Read } access
                ? (new LiveFilter(Repository: name, RepositoryId: access.RepositoryId), null) : (null, Problem.NotFound("There is no such repository, or you may not see it."));
        if (ns.Length == 0)
            return (new LiveFilter(), null);
        var found = await permissions.DecideAsync(principal, ns, ct);
        return found.Exists && (found.NamespaceId == principal.AccountId || found.NamespaceId == principal.RobotOf || Permissions.Allows(principal, found, Permission.SeeOrganization))
            ? (new LiveFilter(Namespace: ns, NamespaceId: found.NamespaceId), null) : (null, Problem.NotFound("There is no such user or organization, or you do not belong to it."));
    }
}
