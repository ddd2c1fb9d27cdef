using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting.Admin;

/// <summary>
/// Commands over the socket: <c>POST /commands/NAME</c> with a JSON object; 200 with the result, 404 for a command that this server does not
/// have. Before the result there may be lines that tell the progress; a line in its place that has no <c>done</c> tells a fault.
/// </summary>
internal static class AdminApi
{
    public static void MapAdmin(this WebApplication app) =>
        app.MapMethods("/commands/{name}", ["POST"], (RequestDelegate)RunAsync).WithMetadata(new OnlyOn(ListenerKind.Admin)).Requires(Permission.Open);

    private static async Task RunAsync(HttpContext http)
    {
        var name = http.GetRouteValue("name") as string;
        if (http.RequestServices.GetServices<AdminCommand>().FirstOrDefault(c => c.Name == name) is not { } command)
        {
            await ErrorBody.WriteAsync(http, StatusCodes.Status404NotFound, $"this server has no command {name}; it is of version {BuildInfo.Version}");
            return;
        }

        JsonDocument arguments;
        try
        {
            arguments = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
        }
        catch (JsonException)
        {
            await ErrorBody.WriteAsync(http, StatusCodes.Status400BadRequest, "the arguments are not JSON");
            return;
        }

        using (arguments)
        {
            try
            {
                // A command tells its progress from wherever it is; lines are written one after the other.
                var lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
                var running = Task.Run(async () =>
                {
                    try
                    {
                        CommandProgress.ListenBy(text => lines.Writer.TryWrite(text));
                        return await command.Run(http.RequestServices, arguments.RootElement, http.RequestAborted);
                    }
                    finally
                    {
                        lines.Writer.Complete();
                    }
                });
                await foreach (var line in lines.Reader.ReadAllAsync(http.RequestAborted))
                {
                    http.Response.ContentType ??= "application/json";
                    await http.Response.WriteAsync(new JsonObject { ["progress"] = line }.ToJsonString() + "\n", http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                }
                AdminResult result;
                try
                {
                    result = await running;
                }
                catch (Exception fault) when (http.Response.HasStarted && fault is not OperationCanceledException)
                {
                    await http.Response.WriteAsync(new JsonObject { ["detail"] = fault.Message, ["request_id"] = http.TraceIdentifier }.ToJsonString(), http.RequestAborted);
                    throw;
                }
                http.Response.ContentType ??= "application/json";
                await http.Response.WriteAsync(result.ToJson().ToJsonString(), http.RequestAborted);
            }
            catch (KeyRingException fault) when (!http.Response.HasStarted)
            {
                // Who asks here owns the key ring, and the message says what to do about it.
                await ErrorBody.WriteAsync(http, StatusCodes.Status409Conflict, fault.Message);
            }
        }
    }
}
