using Microsoft.Net.Http.Headers;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Network;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Audit.Exports;

/// <summary>Asking for logs as a file, and getting it by the link that the callback or mail has.</summary>
internal static class LogExportsApi
{
    private const int MaxUrl = 2048;

    public static void Map(WebApplication app)
    {
        Described(app.MapPost("/api/v1/repository/-/exportlogs", Export).Requires(Permission.Administer).WithName("exportRepoLogs").Describe("Makes a file of a repository's logs, and tells where it is."));
        Described(app.MapPost("/api/v1/organization/{orgname}/exportlogs", Export).Requires(Permission.InspectOrganization, byReaders: true).WithName("exportOrgLogs").Describe("Makes a file of an organization's logs, and tells where it is."));
        Described(app.MapPost("/api/v1/user/exportlogs", Export).Requires(Permission.Person, byReaders: true).WithName("exportUserLogs").Describe("Makes a file of the own logs, and tells where it is."));
        // Open: whoever has the link may have what it leads to.
        app.MapGet("/exportedlogs/{link}", Get).Requires(Permission.Open).WithName("getExportedLogs");
    }

    private static void Described(RouteHandlerBuilder endpoint) => LogsApi.Filtered(endpoint.Takes(LogsJson.Default.ExportRequest).Gives(LogsJson.Default.QueuedExport));

    private static async Task<IResult> Export(HttpContext http, LogStore logs, LogExports exports, PublicAddress address, TimeProvider clock, CancellationToken ct)
    {
        var (query, wrong) = await LogsApi.ReadAsync(http, logs, clock, ct);
        if (query is null)
            return wrong!;
        var (body, problem) = await JsonBody.ReadAsync(http, LogsJson.Default.ExportRequest, ct);
        if (body is null)
            return problem!;
        var (url, email) = (body.CallbackUrl is { Length: > 0 } ? body.CallbackUrl : null, body.CallbackEmail is { Length: > 0 } ? body.CallbackEmail : null);
        if (url is null == email is null)
            return Problem.InvalidRequest("Give callback_url or callback_email, one of them.");
        if (url is not null && (url.Length > MaxUrl || !Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.UserInfo.Length > 0))
            return Problem.InvalidRequest("callback_url is an http or https address without a user.");
        if (email is not null && !exports.CanMail)
            return Problem.InvalidRequest("This registry sends no mail; give callback_url.");
        if (email is not null && !MailAddress.IsValid(email))
            return Problem.InvalidRequest("callback_email is no e-mail address.");
        var export = new LogExport(Guid.NewGuid().ToString(), query.NamespaceId!.Value, query.RepositoryId, http.Caller().Principal.AccountId, query.FromMs, query.ToMs, query.Filter, address.BaseUrl(http), url, email, 0, null);
        return await exports.AddAsync(export, ct)
            ? TypedResults.Json(new QueuedExport(export.Id), LogsJson.Default.QueuedExport)
            : new Problem(429, "too_many_requests", "Several exports of these logs are under way; wait for them.", 60);
    }

    private static async Task<IResult> Get(HttpContext http, string link, LogExports exports, StoredFiles files, CancellationToken ct)
    {
        if (await exports.FindAsync(link, ct) is not { } key || await files.OpenAsync(key, ct) is not { } file)
            return Problem.NotFound("There is no such file, or its link is over: it is good for an hour.");
        http.Response.Headers[HeaderNames.ContentDisposition] = "attachment; filename=\"logs.json\"";
        return TypedResults.Stream(file, "application/json");
    }
}
