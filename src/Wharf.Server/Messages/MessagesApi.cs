using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Messages;

/// <summary>Messages of superusers to everybody, as in Quay; whoever is shown the sign-in page reads them too.</summary>
internal static class MessagesApi
{
    private const int MaxContent = 4096;

    public static void MapMessages(this WebApplication app)
    {
        app.MapGet("/api/v1/messages", List).Requires(Permission.Open).WithName("getGlobalMessages")
            .Describe("Lists what superusers have to say to everybody.").Gives(MessagesJson.Default.MessageList);
        app.MapPost("/api/v1/messages", Create).Requires(Permission.Superuser, fresh: true).WithName("createGlobalMessage")
            .Describe("Says something to everybody.").Takes(MessagesJson.Default.NewMessage).Gives(201);
        app.MapDelete("/api/v1/message/{uuid}", Delete).Requires(Permission.Superuser, fresh: true).WithName("deleteGlobalMessage")
            .Describe("Takes a message to everybody back; nothing happens where there is none.").Gives(204);
    }

    private static async Task<IResult> List(MessageStore messages, CancellationToken ct) =>
        TypedResults.Json(new MessageList(await messages.ListAsync(ct)), MessagesJson.Default.MessageList);

    private static async Task<IResult> Create(HttpContext http, MessageStore messages, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, MessagesJson.Default.NewMessage, ct);
        if (body is null)
            return problem!;
        var (content, mediaType, severity) = body.Message;
        if (content.Length is 0 or > MaxContent || content.Contains('\0', StringComparison.Ordinal))
            return Problem.InvalidRequest($"content has 1 to {MaxContent} characters, without NUL.");
        if (mediaType is not ("text/plain" or "text/markdown"))
            return Problem.InvalidRequest("media_type is 'text/plain' or 'text/markdown'.");
        if (severity is not ("info" or "warning" or "error"))
            return Problem.InvalidRequest("severity is 'info', 'warning' or 'error'.");
        return await messages.AddAsync(http.Caller().Principal, new GlobalMessage(Guid.NewGuid().ToString(), severity, mediaType, content), ct)
            ? TypedResults.StatusCode(201)
            : Problem.InvalidRequest($"There are at most {MessageStore.Most} messages; delete one first.");
    }

    // 204 whether or not there was one, as in Quay.
    private static async Task<IResult> Delete(HttpContext http, string uuid, MessageStore messages, CancellationToken ct)
    {
        if (Guid.TryParseExact(uuid, "D", out var id))
            await messages.DeleteAsync(http.Caller().Principal, id.ToString(), ct);
        return TypedResults.NoContent();
    }
}

internal sealed record MessageList(IReadOnlyList<GlobalMessage> Messages);

internal sealed record NewMessage([property: JsonRequired] MessageBody Message);

internal sealed record MessageBody([property: JsonRequired] string Content, [property: JsonRequired] string MediaType, [property: JsonRequired] string Severity);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MessageList))]
[JsonSerializable(typeof(NewMessage))]
internal sealed partial class MessagesJson : JsonSerializerContext;
