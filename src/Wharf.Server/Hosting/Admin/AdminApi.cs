using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting.Admin;

/// <summary>Commands over the socket: <c>POST /commands/NAME</c> with a JSON object; 200 with the result, 404 for a command that this server does not have.</summary>
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
                var result = await command.Run(http.RequestServices, arguments.RootElement, http.RequestAborted);
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(result.ToJson().ToJsonString(), http.RequestAborted);
            }
            catch (KeyRingException fault)
            {
                // Who asks here owns the key ring, and the message says what to do about it.
                await ErrorBody.WriteAsync(http, StatusCodes.Status409Conflict, fault.Message);
            }
        }
    }
}
