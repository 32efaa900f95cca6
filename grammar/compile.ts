console.log("grammar")
