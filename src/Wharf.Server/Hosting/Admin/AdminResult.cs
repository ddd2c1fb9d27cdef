using System.Text.Json.Nodes;

namespace Wharf.Server.Hosting.Admin;

/// <summary>What a command answers.</summary>
/// <param name="Done">Exit code 0; otherwise it is a negative answer ("there is such a user already"), exit code 1.</param>
/// <param name="Message">For a person.</param>
/// <param name="Data">For a program: what <c>--json</c> prints beside <c>done</c> and <c>message</c>.</param>
internal sealed record AdminResult(bool Done, string Message, JsonObject? Data = null)
{
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["done"] = Done, ["message"] = Message };
        if (Data is not null) json["data"] = Data.DeepClone();
        return json;
    }
}
